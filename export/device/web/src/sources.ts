/** Larger than any sound; the same limit as that of tfse's command line. */
const LARGEST = 1e12;

/** Asks for the microphone, without what the browser would do to its sound. */
export function openMicrophone(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    audio: {
      channelCount: 1,
      // Noise suppression of the browser's own would be measured along with the model.
      noiseSuppression: false,
      echoCancellation: false,
      autoGainControl: false,
    },
  });
}

/** Reads an audio file of any kind the browser knows: mono, at a rate. */
export async function decodeFile(file: Blob, sampleRate: number): Promise<Float32Array<ArrayBuffer>> {
  // A context decodes into its own rate.
  const context = new OfflineAudioContext(1, 1, sampleRate);
  const decoded = await context.decodeAudioData(await file.arrayBuffer());
  const mono = new Float32Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel++) {
    decoded.getChannelData(channel).forEach((value, i) => {
      mono[i]! += value / decoded.numberOfChannels;
    });
  }
  // One such sample would spoil the state of the model for all that follow.
  const bad = mono.findIndex((value) => !(Math.abs(value) <= LARGEST));
  if (bad >= 0) throw new Error(`The file has an invalid sample: sample ${bad} is ${mono[bad]}.`);
  return mono;
}
