/** Says in one line what went wrong and, where it can be told, what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // `DOMException` names are fixed by the standards; their messages differ between browsers.
  switch (error.name) {
    case "NotAllowedError":
      return "This page may not use the microphone; allow it in the address bar and try again.";
    case "NotFoundError":
      return "No microphone was found.";
    case "NotReadableError":
      return "The microphone could not be opened; another program may be using it.";
    case "EncodingError":
      return "The file is no audio that this browser can read; try WAV, FLAC or MP3.";
    case "NotSupportedError":
      return "This browser cannot run sound at the rate of the model; try a file, or another browser.";
    default:
      return error.message;
  }
}

/** Returns what this browser lacks, or null. */
export function missing(): string | null {
  if (!window.isSecureContext) return "A browser gives sound only to pages from https or localhost.";
  if (typeof WebAssembly === "undefined") return "This browser has no WebAssembly.";
  if (typeof AudioWorkletNode === "undefined") return "This browser has no AudioWorklet.";
  return null;
}
