/**
 * The figures of the benchmark as an SVG picture: a group of bars for each case, ours beside the peers'.
 *
 * Keeps true: within a group all bars have one scale that begins at 0, and every bar says its number. Only the plain
 * compiler's bar may be longer than the group has room for, so that the caches can be told apart; it is then broken.
 *
 * @module
 */
import type { Figure } from "./bench_tools.ts";

const columns = 2, columnWidth = 480, nameWidth = 196, numberWidth = 56, margin = 12;
const barHeight = 12, step = 16, headHeight = 28, gap = 22, captionHeight = 40;
const colors = { ours: "#2f6f4f", plain: "#9aa0a6", peer: "#7f93b8" };
const font = `font-family="Helvetica, Arial, sans-serif"`;
const room = columnWidth - nameWidth - numberWidth - margin;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** What every machine has without a cache, and what no cache can pass. */
function isGiven(name: string): boolean {
  return /^(?:plain|\/bin|idle)/.test(name);
}

function colorOf(name: string): string {
  if (name.startsWith("ours")) return colors.ours;
  return isGiven(name) ? colors.plain : colors.peer;
}

function shownNumber(value: number): string {
  if (value >= 10_000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${x}" y="${y}" ${font} font-size="11" ${more}>${escaped(content)}</text>`;
}

/** The number that fills the room. */
function mostOf({ bars }: Figure): number {
  const most = Math.max(...bars.map(({ value }) => value));
  const caches = Math.max(
    0,
    ...bars.filter(({ name }) => !name.startsWith("plain")).map(({ value }) => value),
  );
  return caches > 0 ? Math.min(most, caches * 1.25) : most;
}

function group(figure: Figure, left: number, top: number): string[] {
  const { title, unit, more, bars } = figure, most = mostOf(figure);
  const note = `${unit}, ${more ? "more" : "less"} is better`;
  const lines = [
    text(left + margin, top + 14, title, `font-weight="bold" fill="#222"`),
    text(left + columnWidth - margin, top + 14, note, `text-anchor="end" fill="#666"`),
  ];
  for (const [i, { name, value }] of bars.entries()) {
    const y = top + headHeight + i * step, broken = value > most;
    const long = Math.max(1, room * Math.min(1, value / most)), x = left + nameWidth;
    const [width, end] = [long.toFixed(1), Number((x + long + 5).toFixed(1))];
    lines.push(
      text(x - 6, y + 10, name, `text-anchor="end" fill="#333"`),
      `<rect x="${x}" y="${y}" width="${width}" height="${barHeight}" fill="${colorOf(name)}"/>`,
      text(end, y + 10, shownNumber(value), `fill="#333"`),
    );
    if (broken) {
      const at = x + long - 18, bottom = y + barHeight + 1;
      const slash = (dx: number) => `M${at + dx} ${bottom}L${at + dx + 6} ${y - 1}`;
      lines.push(`<path d="${slash(0)}${slash(5)}" stroke="#fff" stroke-width="2"/>`);
    }
  }
  return lines;
}

/** The picture; `caption` tells machine and day. */
export function plot(figures: readonly Figure[], caption: string): string {
  const lines: string[] = [], tops: number[] = Array(columns).fill(captionHeight);
  for (const figure of figures) {
    const column = tops.indexOf(Math.min(...tops));
    lines.push(...group(figure, column * columnWidth, tops[column]));
    tops[column] += headHeight + figure.bars.length * step + gap;
  }
  const width = columns * columnWidth, height = Math.max(...tops);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(margin, 20, caption, `fill="#666"`),
    ...lines,
    "</svg>\n",
  ].join("\n");
}
