"use strict";

// Shows the plots and tables of the chosen metric.
const metric = document.getElementById("metric");
function show() {
  for (const panel of document.querySelectorAll(".panel")) {
    panel.hidden = panel.dataset.metric !== metric.value;
  }
}
if (metric) {
  metric.addEventListener("change", show);
  show(); // a reloaded page keeps the choice
}

// One player at a time: a started player pauses the others.
document.addEventListener(
  "play",
  (event) => {
    for (const player of document.querySelectorAll("audio")) {
      if (player !== event.target) player.pause();
    }
  },
  true,
);
