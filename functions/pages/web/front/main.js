// Makes the lines of the front page ready to paste: this server's URL, the key of `cargo run`, and a button that copies.

/** @type {{ api: string, localKey: string | null }} */
const settings = JSON.parse(document.getElementById("settings")?.textContent ?? "{}");

for (const place of document.querySelectorAll("[data-api]")) {
  place.textContent = new URL(settings.api, location.href).href;
}
if (settings.localKey) {
  for (const place of document.querySelectorAll("[data-key]")) place.textContent = settings.localKey;
  const note = document.getElementById("key-note");
  if (note) note.textContent = "With the key of the demo organization on this machine. Paste a line into a terminal.";
}

for (const item of document.querySelectorAll(".lines li")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${item.querySelector("h3")?.textContent}`);
  button.addEventListener("click", () => copy(item, button));
  item.append(button);
}

/**
 * Copies the line, or selects it if the browser does not allow that.
 * @param {Element} item
 * @param {HTMLButtonElement} button
 */
async function copy(item, button) {
  const line = item.querySelector("code");
  if (!line) return;
  try {
    await navigator.clipboard.writeText(line.textContent ?? "");
    say(button, "Copied");
  } catch {
    getSelection()?.selectAllChildren(line);
    say(button, "Selected: press Ctrl+C");
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} text
 */
function say(button, text) {
  button.textContent = text;
  button.setAttribute("aria-live", "polite");
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}
