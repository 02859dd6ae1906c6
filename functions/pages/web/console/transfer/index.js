// The import and the export of clients as CSV files.

export { openImport } from "./import-dialog.js";
export { exportClients } from "./export-dialog.js";
