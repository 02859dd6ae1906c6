// Numbers and times, as people read them. The console is in English, and so are they.

const NUMBERS = new Intl.NumberFormat("en");
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const DAYS = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const EXACT = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long" });

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** @param {number} number */
export function count(number) {
  return NUMBERS.format(number);
}

/**
 * A number of things: `1 client`, `2,000 clients`.
 *
 * @param {number} number
 * @param {string} [thing]
 */
export function many(number, thing = "client") {
  return `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
}

/**
 * How long ago a time is, up to a month; the day of an earlier one.
 *
 * @param {string} time RFC 3339
 * @param {number} now milliseconds
 */
export function ago(time, now) {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds >= 30 * 86_400) {
    return DAYS.format(new Date(time));
  }
  for (const [unit, length] of UNITS) {
    if (seconds >= length) {
      return RELATIVE.format(-Math.floor(seconds / length), unit);
    }
  }
  return "just now";
}

/** @param {string} time RFC 3339 */
export function exact(time) {
  return EXACT.format(new Date(time));
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
