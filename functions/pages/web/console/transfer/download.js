// Files that the page makes: written to the disk as they grow where the browser can, else kept in memory and downloaded.

import { isAbort } from "../errors.js";
import { h } from "../dom.js";

/**
 * Where a file goes.
 *
 * @typedef {object} Sink
 * @property {string} name the file's name
 * @property {(text: string) => Promise<void>} write
 * @property {() => Promise<void>} close
 * @property {() => Promise<void>} abort leaves no file, as far as the browser can remove it
 */

/** @typedef {{ suggestedName: string, types: { description: string, accept: Record<string, string[]> }[] }} PickerOptions */
/** @typedef {(options: PickerOptions) => Promise<FileSystemFileHandle>} Picker */

const TYPE = "text/csv";

/**
 * Asks where a CSV file goes, if the browser can ask. It must be called by a click or a key.
 *
 * @param {string} name
 * @returns {Promise<Sink | null>} `null` if the question was cancelled
 */
export async function csvSink(name) {
  const picker = /** @type {{ showSaveFilePicker?: Picker }} */ (globalThis).showSaveFilePicker;
  if (!picker) {
    return inMemory(name);
  }
  try {
    const handle = await picker({
      suggestedName: name,
      types: [{ description: "CSV", accept: { [TYPE]: [".csv"] } }],
    });
    const file = await handle.createWritable();
    return {
      name: handle.name,
      write: (text) => file.write(text),
      close: () => file.close(),
      abort: async () => {
        await file.abort();
        await removeIfEmpty(handle);
      },
    };
  } catch (error) {
    if (isAbort(error)) {
      return null;
    }
    // A browser can refuse the question, as in a frame.
    return inMemory(name);
  }
}

/**
 * Removes the empty file that the question has made. One with content is somebody's, and stays.
 *
 * @param {FileSystemFileHandle & { remove?: () => Promise<void> }} handle
 */
async function removeIfEmpty(handle) {
  if (handle.remove && (await handle.getFile()).size === 0) {
    await handle.remove();
  }
}

/**
 * Downloads a CSV file.
 *
 * @param {string} name
 * @param {...string} parts
 */
export function downloadCsv(name, ...parts) {
  const url = URL.createObjectURL(new Blob(parts, { type: `${TYPE};charset=utf-8` }));
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * @param {string} name
 * @returns {Sink}
 */
function inMemory(name) {
  /** @type {string[]} */
  const parts = [];
  return {
    name,
    write: async (text) => void parts.push(text),
    close: async () => downloadCsv(name, ...parts),
    abort: async () => void parts.splice(0),
  };
}
