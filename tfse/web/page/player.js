// Plays a recording before and after in step: both are channels of one file of 16-bit samples, of
// which a few seconds at a time are fetched and scheduled. To switch is to move two volumes.

const CHUNK_S = 2;
const AHEAD_S = 6;
// A change of volume within this time is not heard as a click.
const FADE_S = 0.01;
const START_DELAY_S = 0.05;
const STEPS = 32768;

export class Player extends EventTarget {
  #url;
  #layout;
  #context;
  #splitter;
  #volumes = [];
  #share = 1;
  #sources = new Set();
  #position = 0;
  /** Time of the context at which the first sample is heard, or would have been. */
  #origin = 0;
  #run = null;

  /** `layout` is `{sample_rate, channels, samples}`: rate in Hz, channels of each of the two. */
  constructor(url, layout) {
    super();
    this.#url = url;
    this.#layout = layout;
  }

  get playing() {
    return this.#run !== null;
  }

  get duration() {
    return this.#layout.samples / this.#layout.sample_rate;
  }

  /** Position in seconds. */
  get position() {
    const now = this.playing ? this.#context.currentTime - this.#origin : this.#position;
    return Math.min(Math.max(now, 0), this.duration);
  }

  /** Share of the enhanced sound in what is heard, 0 to 1. */
  set share(share) {
    this.#share = share;
    this.#volumes.forEach(({ gain }, channel) =>
      gain.setTargetAtTime(this.#volumeOf(channel), this.#context.currentTime, FADE_S / 3),
    );
  }

  async play() {
    this.#context ??= this.#opened();
    await this.#context.resume();
    if (this.playing) return;
    if (this.#position >= this.duration) this.#position = 0;
    this.#begin();
  }

  pause() {
    this.#position = this.position;
    this.#end();
  }

  seek(position) {
    const { playing } = this;
    this.#end();
    this.#position = position;
    if (playing) this.#begin();
  }

  close() {
    this.pause();
    void this.#context?.close();
  }

  #volumeOf(channel) {
    return channel < this.#layout.channels ? 1 - this.#share : this.#share;
  }

  /** Opens the sound device: before and after are mixed into the channels of the recording. */
  #opened() {
    const { channels, sample_rate: sampleRate } = this.#layout;
    const context = new AudioContext({ sampleRate });
    this.#splitter = context.createChannelSplitter(2 * channels);
    const merger = context.createChannelMerger(channels);
    for (let channel = 0; channel < 2 * channels; channel++) {
      const volume = context.createGain();
      volume.gain.value = this.#volumeOf(channel);
      this.#splitter.connect(volume, channel);
      volume.connect(merger, 0, channel % channels);
      this.#volumes.push(volume);
    }
    merger.connect(context.destination);
    return context;
  }

  #begin() {
    this.#run = new AbortController();
    this.#origin = this.#context.currentTime + START_DELAY_S - this.#position;
    this.dispatchEvent(new Event("change"));
    this.#feed(this.#run.signal).catch((error) => this.#failed(error));
  }

  #end() {
    this.#run?.abort();
    this.#run = null;
    this.#sources.forEach((source) => source.stop());
    this.#sources.clear();
    this.dispatchEvent(new Event("change"));
  }

  #failed(error) {
    if (error.name === "AbortError") return;
    this.pause();
    this.dispatchEvent(new CustomEvent("failure"));
  }

  /** Schedules one chunk after the other, and waits while enough of them are ahead. */
  async #feed(signal) {
    const { sample_rate: rate, samples } = this.#layout;
    for (let first = Math.floor(this.#position * rate); first < samples; first += CHUNK_S * rate) {
      const buffer = await this.#chunk(first, Math.min(first + CHUNK_S * rate, samples), signal);
      const source = this.#schedule(buffer, first / rate);
      if (source.startedAt - this.#context.currentTime > AHEAD_S) await this.#oneEnded(signal);
    }
    while (this.#sources.size) await this.#oneEnded(signal);
    this.#position = this.duration;
    this.#end();
  }

  async #chunk(first, end, signal) {
    const { channels, sample_rate: rate } = this.#layout;
    const bytes = 4 * channels;
    const range = `bytes=${first * bytes}-${end * bytes - 1}`;
    const response = await fetch(this.#url, { headers: { Range: range }, signal });
    if (response.status !== 206) throw new Error(`status ${response.status}`);
    const view = new DataView(await response.arrayBuffer());
    const buffer = this.#context.createBuffer(2 * channels, end - first, rate);
    for (let channel = 0; channel < 2 * channels; channel++) {
      const target = buffer.getChannelData(channel);
      for (let i = 0; i < target.length; i++) target[i] = view.getInt16(bytes * i + 2 * channel, true) / STEPS;
    }
    signal.throwIfAborted();
    return buffer;
  }

  #schedule(buffer, position) {
    const { currentTime } = this.#context;
    // A chunk that comes too late moves all that follows.
    this.#origin = Math.max(this.#origin, currentTime + START_DELAY_S / 2 - position);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.startedAt = this.#origin + position;
    source.connect(this.#splitter);
    source.start(source.startedAt);
    source.addEventListener("ended", () => this.#sources.delete(source));
    this.#sources.add(source);
    return source;
  }

  #oneEnded(signal) {
    return new Promise((resolve, reject) => {
      const [source] = this.#sources;
      if (!source) return resolve();
      source.addEventListener("ended", resolve, { once: true });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}
