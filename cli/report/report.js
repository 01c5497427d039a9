// report.js - draws the charts of a report, in the colours of its style
//
// A chart is { kind, title, x, y, percent, series }: of kind "line" or "points", whose series are { name, colour, points }
// with [x, y] each, or "bars", with `labels` and series of { name, colour, values }; its `dots` are [number of the label, value].
(function () {
    "use strict";
    const charts = JSON.parse(document.getElementById("charts").textContent), drawn = [];
    const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const colour = number => style("--c" + number % 8);

    if (typeof Chart === "undefined") {
        for (const figure of document.querySelectorAll("figure.chart")) figure.hidden = true;
        return;
    }

    function lines(chart) {
        return chart.series.map(s => ({
            label: s.name, data: s.points.map(p => ({ x: p[0], y: p[1] })), borderColor: colour(s.colour), backgroundColor: colour(s.colour),
            showLine: chart.kind === "line", borderWidth: 2, pointRadius: chart.kind === "line" ? (s.points.length > 40 ? 0 : 2.5) : 5
        }));
    }

    function bars(chart) {
        return chart.series.map(s => ({ label: s.name, data: s.values, backgroundColor: colour(s.colour), maxBarThickness: 48 }));
    }

    // A ring for each run, on the bar of the last series that it belongs to.
    function rings(chart) {
        return { id: "rings", afterDatasetsDraw(drawing) {
            const bar = drawing.getDatasetMeta(drawing.data.datasets.length - 1).data, g = drawing.ctx;
            for (const [label, value] of chart.dots) {
                g.beginPath();
                g.arc(bar[label].x, drawing.scales.y.getPixelForValue(value), 4, 0, 2 * Math.PI);
                g.fillStyle = style("--paper");
                g.fill();
                g.strokeStyle = style("--ink");
                g.stroke();
            }
        } };
    }

    function axis(name, percent) {
        return { title: { display: !!name, text: name, color: style("--soft") }, grid: { color: style("--line") },
                 ticks: { color: style("--soft"), callback: percent ? v => v + " %" : undefined } };
    }

    function draw(canvas) {
        const chart = charts[Number(canvas.dataset.chart)], barred = chart.kind === "bars";
        const x = axis(chart.x, chart.percent_x), y = axis(chart.y, chart.percent);
        if (barred) delete x.ticks.callback; else x.ticks.precision = 0;
        for (const a of [x, y]) if (a.ticks.callback === undefined) delete a.ticks.callback;
        if (barred) y.beginAtZero = true;
        canvas.setAttribute("aria-label", chart.title);
        drawn.push(new Chart(canvas, {
            type: barred ? "bar" : "scatter", plugins: chart.dots ? [rings(chart)] : [],
            data: { labels: chart.labels, datasets: barred ? bars(chart) : lines(chart) },
            options: {
                animation: false, maintainAspectRatio: false, scales: { x: x, y: y }, interaction: { mode: "nearest", intersect: false },
                plugins: { legend: { display: chart.series.length > 1 || !barred, position: "bottom",
                                     labels: { color: style("--ink"), boxWidth: 12, filter: item => item.datasetIndex < 12 } } }
            }
        }));
    }

    function redraw() {
        while (drawn.length) drawn.pop().destroy();
        document.querySelectorAll("canvas[data-chart]").forEach(draw);
    }

    redraw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    window.addEventListener("beforeprint", () => {
        document.documentElement.dataset.print = "";
        for (const part of document.querySelectorAll("details:not([open])")) part.open = part.dataset.print = true;
        redraw();
    });
    window.addEventListener("afterprint", () => {
        delete document.documentElement.dataset.print;
        for (const part of document.querySelectorAll("details[data-print]")) {
            part.open = false;
            delete part.dataset.print;
        }
        redraw();
    });
})();
