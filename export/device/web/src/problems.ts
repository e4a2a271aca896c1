/** Returns one line on an error and, where known, its remedy. */
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
      return "This browser cannot read the file as audio; try WAV, FLAC or MP3.";
    case "NotSupportedError":
      return "This browser cannot run sound at the rate of the model; try a file, or another browser.";
    default:
      return error.message;
  }
}

/** Returns the feature that this browser lacks, or null. */
export function missing(): string | null {
  if (!window.isSecureContext) return "Browsers allow sound only on pages from https or localhost.";
  if (typeof WebAssembly === "undefined") return "This browser has no WebAssembly.";
  if (typeof AudioWorkletNode === "undefined") return "This browser has no AudioWorklet.";
  return null;
}
