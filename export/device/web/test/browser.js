import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { preview } from "vite";
import { installTaps } from "./taps.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const PATIENCE_MS = 120_000;

/** Serves `dist/` on this machine alone. */
export async function serve() {
  const server = await preview({ preview: { host: "127.0.0.1", port: 0 }, logLevel: "warn" });
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}

/** Starts a browser whose microphone is a file. */
export function launch(microphone) {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? installed(),
    args: [
      // A container gives root no sandbox.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-audio-capture=${microphone}`,
    ],
  });
}

function installed() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  const found = paths.find((candidate) => existsSync(candidate));
  if (!found) throw new Error(`one of ${NAMES.join(", ")} must be installed, or CHROMIUM name one`);
  return found;
}

/** Answers in place of the server, inside the page: to intercept requests would stop some workers. */
function serveAlso(page, url, served) {
  return page.evaluateOnNewDocument(
    (folder, files) => {
      const { fetch } = window;
      window.fetch = async (address, ...rest) => {
        const file = files[new URL(address, folder).href.slice(folder.length)];
        return file === undefined ? fetch(address, ...rest) : fetch(file);
      };
    },
    url,
    served,
  );
}

/** The page, as its user has it. */
export class User {
  constructor(page, downloads) {
    this.page = page;
    this.downloads = downloads;
  }

  /** Opens the page; `served` are files, as `data:` addresses, that the server is to have besides its own. */
  static async open(context, url, folder, served = null) {
    const downloads = mkdtempSync(path.join(folder, "downloads-"));
    const page = await context.newPage();
    await page.setViewport({ width: 1100, height: 1050 });
    await page.evaluateOnNewDocument(installTaps);
    const session = await page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", {
      behavior: "allow",
      downloadPath: downloads,
      browserContextId: context.id,
    });
    if (served) await serveAlso(page, url, served);
    await page.goto(url);
    return new User(page, downloads);
  }

  async choose(input, file) {
    await (await this.page.$(input)).uploadFile(file);
  }

  press(selector) {
    return this.page.click(selector);
  }

  text(selector) {
    return this.page.$eval(selector, (element) => element.textContent);
  }

  /** Waits until the status line fits, and returns it. */
  async status(pattern) {
    await this.page
      .waitForFunction(
        (source) => new RegExp(source).test(document.getElementById("status").textContent),
        { timeout: PATIENCE_MS, polling: 50 },
        pattern.source,
      )
      .catch(async () => {
        throw new Error(`the page says "${await this.text("#status")}", not ${pattern}`);
      });
    return this.text("#status");
  }

  /** Presses the button and waits for the file, which has another name until it is whole. */
  async download() {
    await this.press("#save");
    const status = await this.status(/^Saved/);
    for (let tries = 0; tries < 200; tries++, await sleep(50)) {
      const name = readdirSync(this.downloads).find((found) => found.endsWith(".wav"));
      if (name) return { file: path.join(this.downloads, name), status };
    }
    throw new Error("no file was downloaded");
  }

  /** What the taps have kept. */
  taps() {
    return this.page.evaluate(() => ({
      noisy: taps.blocks.flatMap((block) => [...block.noisy]),
      enhanced: taps.blocks.flatMap((block) => [...block.enhanced]),
      milliseconds: taps.blocks.map((block) => block.milliseconds),
      heard: taps.heard.flatMap((samples) => [...samples]),
    }));
  }
}

/** Has Python write recordings, models and references into a folder. */
export function writeReferences(folder) {
  const root = path.resolve(import.meta.dirname, "../../../..");
  const own = path.join(root, ".venv/bin/python");
  const python = process.env.PYTHON ?? (existsSync(own) ? own : "python3");
  const models = (process.env.TFSE_MODELS ?? "").split(path.delimiter).filter(Boolean);
  execFileSync(python, [path.join(import.meta.dirname, "reference.py"), folder, ...models], {
    cwd: root,
    // What it says is in the error if it fails, and of no interest if it does not.
    stdio: ["ignore", "ignore", "pipe"],
  });
}
