/**
 * The figures of one run of the benchmark as an SVG picture: a group of bars for each case, ours beside the peers'.
 *
 * Keeps true: within a group all bars have one scale that begins at 0, and every bar says its number.
 *
 * @module
 */
import type { Figure } from "./bench_tools.ts";

const width = 860, nameWidth = 230, barHeight = 15, step = 20, headHeight = 40, gap = 14, right = 110;
const colors = { ours: "#2f6f4f", plain: "#9aa0a6", peer: "#7f93b8" };
const font = `font-family="Helvetica, Arial, sans-serif"`;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function colorOf(name: string): string {
  if (name.startsWith("ours")) return colors.ours;
  return name.startsWith("plain") || name.startsWith("/bin") ? colors.plain : colors.peer;
}

function shownNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${x}" y="${y}" ${font} font-size="12" ${more}>${escaped(content)}</text>`;
}

function group({ title, unit, more, bars }: Figure, top: number): string[] {
  const most = Math.max(...bars.map(({ value }) => value)), room = width - nameWidth - right;
  const note = `${unit}, ${more ? "more" : "less"} is better`;
  const lines = [
    text(12, top + 20, title, `font-weight="bold" fill="#222"`),
    text(width - 12, top + 20, note, `text-anchor="end" fill="#666"`),
  ];
  for (const [i, { name, value }] of bars.entries()) {
    const y = top + headHeight - 8 + i * step, long = Math.max(1, room * value / most);
    lines.push(
      text(nameWidth - 8, y + 12, name, `text-anchor="end" fill="#333"`),
      `<rect x="${nameWidth}" y="${y}" width="${long.toFixed(1)}" height="${barHeight}" fill="${
        colorOf(name)
      }"/>`,
      text(Number((nameWidth + long + 6).toFixed(1)), y + 12, shownNumber(value), `fill="#333"`),
    );
  }
  return lines;
}

/** The picture; `caption` tells machine and day. */
export function plot(figures: readonly Figure[], caption: string): string {
  const lines: string[] = [];
  let top = 30;
  for (const figure of figures) {
    lines.push(...group(figure, top));
    top += headHeight + figure.bars.length * step + gap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}">`,
    `<rect width="${width}" height="${top}" fill="#ffffff"/>`,
    text(12, 20, caption, `fill="#666"`),
    ...lines,
    "</svg>\n",
  ].join("\n");
}
