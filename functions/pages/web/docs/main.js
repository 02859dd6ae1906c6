// Starts the viewer of the reference (Scalar, which `build.rs` takes from its crate) on the contract of this server.

/** @type {{ localKey: string | null }} */
const settings = JSON.parse(document.getElementById("settings")?.textContent ?? "{}");

// Samples are in cURL, JavaScript (fetch) and Python (requests): the languages of the specification's examples.
const hiddenClients = {
  ...Object.fromEntries(
    "c clojure csharp dart fsharp go http java julia kotlin node objc ocaml php powershell r ruby rust swift"
      .split(" ")
      .map((language) => [language, true]),
  ),
  js: ["axios", "jquery", "ofetch", "xhr"],
  python: ["aiohttp", "httpx_async", "httpx_sync", "python3"],
  shell: ["httpie", "wget"],
};

// Shows the guides in the sidebar, where only operations are open at first.
function openGuides() {
  const group = document.querySelector(".t-doc__sidebar button[aria-expanded=false]");
  if (group instanceof HTMLElement) {
    group.click();
  }
}

const { Scalar } = /** @type {{ Scalar: { createApiReference(selector: string, options: object): void } }} */ (
  /** @type {unknown} */ (window)
);
Scalar.createApiReference("#reference", {
  url: document.querySelector("link[rel=service-desc]")?.getAttribute("href"),
  slug: "reference",
  // The key stays in the memory of this page.
  persistAuth: false,
  authentication: {
    preferredSecurityScheme: "apiKey",
    securitySchemes: { apiKey: { token: settings.localKey ?? "" } },
  },
  hiddenClients,
  featuredClients: ["shell/curl", "js/fetch", "python/requests"],
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  // A guide's anchor is its heading, so that the contract's own links lead to it.
  generateHeadingSlug: (/** @type {{ slug: string }} */ { slug }) => slug,
  documentDownloadType: "json",
  orderSchemaPropertiesBy: "preserve",
  theme: "none",
  // The colours follow the system, as on the other pages.
  hideDarkModeToggle: true,
  onLoaded: openGuides,
  // Nothing comes from, or goes to, anybody else.
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
});
