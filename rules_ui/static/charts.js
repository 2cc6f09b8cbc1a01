// Draws <chart-box>: its figures stand in a <script type="application/json" class="chart-data"> inside, as `Chart` of
// rules_ui/contexts/charts.py says. Without this script the table beside each chart stands alone.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const PALETTE = ["#0f766e", "#b45309", "#1d4ed8", "#7e22ce", "#be123c", "#4d7c0f"];
  const language = document.documentElement.lang;

  const speaker = (data) => {
    const form = new Intl.NumberFormat(language, { minimumFractionDigits: data.decimals, maximumFractionDigits: data.decimals });
    return (value) => `${value < 0 ? "-" : ""}${data.before}${form.format(Math.abs(value))}${data.after}`;
  };

  const option = (data) => {
    const say = speaker(data);
    const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
    const ink = colour("--ink-soft");
    const scale = 10 ** data.decimals;
    const names = { type: "category", data: data.labels, axisLabel: { color: ink, hideOverlap: true }, axisTick: { show: false }, inverse: data.across };
    const values = { type: "value", axisLabel: { color: ink, formatter: (value) => short.format(value) }, splitLine: { lineStyle: { color: colour("--line") } } };
    return {
      color: PALETTE,
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      aria: { enabled: true, label: { description: data.title } },
      grid: { left: 8, right: 16, top: data.series.length > 1 ? 36 : 12, bottom: 8, containLabel: true },
      legend: data.series.length > 1 ? { top: 0, left: 0, textStyle: { color: ink }, itemHeight: 10, itemWidth: 14 } : undefined,
      // Drawn on the canvas: a tooltip of HTML would carry style attributes, which the page's policy refuses.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: data.kind === "bar" ? "shadow" : "line" }, valueFormatter: (value) => (value == null ? "–" : say(value)) },
      xAxis: data.across ? values : names,
      yAxis: data.across ? names : values,
      series: data.series.map((one) => ({
        name: one.name,
        type: data.kind,
        data: one.values.map((value) => (value === null ? null : value / scale)),
        stack: data.stacked ? "all" : undefined,
        symbolSize: 5,
        showSymbol: data.labels.length <= 40,
        barMaxWidth: 28,
      })),
    };
  };

  class ChartBox extends HTMLElement {
    connectedCallback() {
      if (this.canvas || !this.querySelector("script.chart-data") || !window.echarts) return;
      this.canvas = document.createElement("div");
      this.attachShadow({ mode: "open" }).append(this.canvas);
      this.canvas.setAttribute("role", "img");
      this.sizer = new ResizeObserver(() => this.fit());
      this.watcher = new MutationObserver(() => this.draw());
      this.resume();
    }

    // Also when a page moved the element: then the canvas is there already.
    resume() {
      this.sizer.observe(this);
      this.watcher.observe(this, { childList: true, characterData: true, subtree: true });
      this.draw();
    }

    disconnectedCallback() {
      this.sizer?.disconnect();
      this.watcher?.disconnect();
      queueMicrotask(() => {
        if (this.isConnected) this.resume();
        else this.chart?.dispose();
      });
    }

    draw() {
      const told = this.querySelector("script.chart-data");
      if (!told) return;
      const data = JSON.parse(told.textContent);
      const rows = data.across ? Math.max(4, data.labels.length) * 26 + 48 : 260;
      this.canvas.style.height = `${Math.min(rows, 720)}px`;
      if (!this.chart || this.chart.isDisposed()) {
        this.chart = window.echarts.init(this.canvas, null, { renderer: "canvas", locale: language.startsWith("zh") ? "ZH" : "EN" });
      }
      this.chart.setOption(option(data), true);
      this.setAttribute("data-drawn", "");
    }

    fit() {
      if (this.chart && !this.chart.isDisposed()) this.chart.resize();
    }
  }

  customElements.define("chart-box", ChartBox);
})();
