// Requests to the program that serves the page. All addresses are relative: they carry its token.

/** Failure that the user is told in one line. */
export class Failure extends Error {}

const GONE = "tfse-web does not answer; it may have been ended.";

async function answer(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Failure(GONE);
  }
  const value = await response.json();
  if (!response.ok) throw new Failure(value.error);
  return value;
}

export const settings = () => answer("settings");

export const state = (key, signal) => answer(`recordings/${key}`, { signal });

/** Starts a job, `enhance` or `write`. */
export const start = (key, job, values, signal) =>
  answer(`recordings/${key}/${job}`, { method: "POST", body: JSON.stringify(values), signal });

/** Ends the job of a recording; nobody waits for it. */
export const stop = (key) => void fetch(`recordings/${key}/job`, { method: "DELETE" }).catch(() => {});

/** Removes a recording, also while the page is closed; nobody waits for it. */
export const remove = (key) => void fetch(`recordings/${key}`, { method: "DELETE", keepalive: true }).catch(() => {});

/** Sends a file and returns the key of the recording; `fetch` could not show the progress. */
export function upload(file, signal, progressed) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `recordings?name=${encodeURIComponent(file.name.replace(/\p{Surrogate}/gu, "_"))}`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progressed(loaded, total);
    request.onload = () =>
      request.status === 201 ? resolve(request.response.key) : reject(new Failure(request.response?.error ?? GONE));
    request.onerror = () => reject(new Failure("The file could not be read, or tfse-web was ended."));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
