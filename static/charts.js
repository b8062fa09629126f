// Draws every [data-chart]: horizontal bars in the colours of the page's own variables, as SVG. Drawn again when the
// page changes a part of itself, when light becomes dark, and when the window gets another width.
const tones = { plan: "--c3", wait: "--c5", sent: "--c1", off: "--c4" };
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

// Of words at 13 px: a Chinese letter is as wide as it is high.
const widthOf = (words) => [...words].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 13 : 7.5), 0);

const draw = (box, animated) => {
  const colour = (name) => getComputedStyle(box).getPropertyValue(name).trim();
  const bars = JSON.parse(box.dataset.chart);
  const most = Math.max(...bars.map((bar) => bar.count), 1);
  const wide = Math.min(box.clientWidth / 3, Math.max(...bars.map((bar) => widthOf(bar.words))) + 4); // or the last letter is cut
  const words = { color: colour("--t2"), fontSize: 13, fontFamily: getComputedStyle(box).fontFamily };
  const chart = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "svg" });
  chart.setOption({
    animation: animated && !still.matches,
    animationDuration: 200,
    grid: { left: wide + 12, right: 72, top: 0, bottom: 0 },
    xAxis: { type: "value", max: most, show: false },
    yAxis: {
      type: "category", inverse: true, data: bars.map((bar) => bar.words),
      axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...words, margin: 12, width: wide, overflow: "truncate" },
    },
    series: [{
      type: "bar", barWidth: 24, silent: true, showBackground: true,
      backgroundStyle: { color: colour("--bg"), borderRadius: 3 },
      data: bars.map((bar) => ({ value: bar.count, itemStyle: { color: colour(tones[bar.tone]), borderRadius: 3 } })),
    }, { // the figures stand in one column at the end, whatever the bars' length
      type: "bar", barWidth: 24, barGap: "-100%", silent: true, itemStyle: { color: "transparent" },
      data: bars.map(() => most),
      label: {
        show: true, position: "right", distance: 12, ...words, color: colour("--t1"), fontWeight: 600,
        formatter: ({ dataIndex }) => bars[dataIndex].count.toLocaleString(),
      },
    }],
  });
};
const drawAll = (animated) => document.querySelectorAll("[data-chart]").forEach((box) => draw(box, animated));

let waiting = 0;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => document.querySelectorAll("[data-chart]").forEach((box) => echarts.getInstanceByDom(box)?.resize()), 100);
});
dark.addEventListener("change", () => drawAll(false));
document.addEventListener("htmx:afterSettle", () => drawAll(false));
drawAll(true);
