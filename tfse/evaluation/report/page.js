"use strict";

// Shows the plots and tables of the metric that is chosen.
const metric = document.getElementById("metric");
function show() {
  for (const panel of document.querySelectorAll(".panel")) {
    panel.hidden = panel.dataset.metric !== metric.value;
  }
}
if (metric) {
  metric.addEventListener("change", show);
  show(); // a reloaded page keeps what was chosen
}

// Two players at once compare nothing: the last one that was started is heard.
document.addEventListener(
  "play",
  (event) => {
    for (const player of document.querySelectorAll("audio")) {
      if (player !== event.target) player.pause();
    }
  },
  true,
);
