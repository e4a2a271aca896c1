const FOLDER = "models/";

/** Returns the names of the models that are served with the page; none is no error. */
export async function servedModels(): Promise<string[]> {
  try {
    const names: unknown = await (await fetchWell(`${FOLDER}index.json`)).json();
    return Array.isArray(names) ? names.map(String) : [];
  } catch {
    return [];
  }
}

/** Fetches one of them. */
export async function fetchModel(name: string): Promise<Uint8Array> {
  const response = await fetchWell(FOLDER + encodeURIComponent(name));
  return new Uint8Array(await response.arrayBuffer());
}

async function fetchWell(path: string): Promise<Response> {
  const response = await fetch(path);
  // `fetch` is content with any answer, and a page that says 404 is no model.
  if (!response.ok) throw new Error(`${path} could not be fetched: ${response.status}.`);
  return response;
}
