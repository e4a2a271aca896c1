// Runs in the page before its own program and keeps what passes: every block of a live stream and
// every sample that goes to the loudspeaker. The page knows nothing of it.
export function installTaps() {
  const taps = { blocks: [], heard: [] };
  window.taps = taps;

  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (data.kind === "block") taps.blocks.push(data.block);
      });
    }
  };

  const recorder = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    process([[input]]) {
      if (input) this.port.postMessage(input.slice());
      return true;
    }
  });`;
  const { addModule } = AudioWorklet.prototype;
  AudioWorklet.prototype.addModule = async function (url) {
    await addModule.call(this, URL.createObjectURL(new Blob([recorder], { type: "text/javascript" })));
    await addModule.call(this, url);
  };
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      const node = new AudioWorkletNode(this.context, "recorder");
      node.port.onmessage = ({ data }) => taps.heard.push(data);
      connect.call(this, node);
      // Only what leads to the destination is sure to run; it adds silence.
      connect.call(node, target);
    }
    return connect.call(this, target, ...rest);
  };
}
