"""How the page of results looks: light and dark, readable without colour, printable."""

STYLE = """
:root{color-scheme:light dark;--ink:#1a202c;--quiet:#5a6578;--line:#d9dee7;--back:#fff;
--card:#f6f8fb;--right:43,108,176;--wrong:221,107,32}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf1;--quiet:#9aa6b8;--line:#37415166;
--back:#12161d;--card:#1b212b;--right:99,160,224;--wrong:240,140,70}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}main{max-width:72rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.2rem;margin:2.5rem 0 .75rem}
.about{color:var(--quiet);margin:.25rem 0}nav{display:flex;flex-wrap:wrap;gap:.4rem 1rem;
margin-top:1rem}a{color:rgb(var(--right))}.facts{display:flex;flex-wrap:wrap;gap:.75rem;
margin-bottom:1rem}.fact{background:var(--card);border-radius:.5rem;padding:.5rem 1rem}
.fact b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}
.fact span{color:var(--quiet);font-size:.85rem}
.wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse;font-size:.85rem;
font-variant-numeric:tabular-nums}caption{text-align:left;color:var(--quiet);padding:.3rem 0;
white-space:nowrap}th{text-align:left;font-weight:600}
td,th{padding:.2rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
.scores td:nth-child(-n+5),.scores thead th:nth-child(n+2):nth-child(-n+5)
{text-align:right}.matrix td,.matrix th{border:0;padding:.15rem .35rem}
.matrix td{text-align:center;min-width:1.9rem;border:1px solid var(--line)}
.matrix th[scope=col]{vertical-align:bottom;padding:.2rem .1rem}
.matrix th[scope=col] span{writing-mode:vertical-rl;transform:rotate(180deg);display:inline-block}
.matrix th[scope=row]{text-align:right;white-space:nowrap;position:sticky;left:0;
background:var(--back)}
.hit{background:rgba(var(--right),var(--s,0))}.miss{background:rgba(var(--wrong),var(--s,0))}
.dark{color:#fff}figure{margin:1rem 0;max-width:44rem}figcaption{color:var(--quiet);
font-size:.85rem}.bins{display:flex;gap:2px;height:14rem;border-bottom:1px solid var(--line)}
.bin{flex:1;display:grid;background:linear-gradient(var(--line),var(--line)) 0 50%/100% 1px
no-repeat}.bin i{display:block;border-radius:2px}
.up{align-self:end;background:rgb(var(--right))}.down{background:rgb(var(--wrong))}
.axis{display:flex;justify-content:space-between;color:var(--quiet);font-size:.8rem}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer;font-weight:600}pre{margin:.5rem 0;overflow-x:auto;font-size:.85rem;
line-height:1.45}.story{color:#2f855a}.bot{color:rgb(var(--wrong))}
mark{background:rgba(var(--right),.18);color:inherit;border-radius:.2rem;padding:0 .15rem}
.label{color:var(--quiet);font-size:.8em}
.curves svg{display:block;width:100%;overflow:visible}.curves text{fill:var(--quiet);
font-size:12px}.curves polyline{fill:none;stroke-width:2}.curves .grid,.curves .spread
{stroke:var(--line);fill:none}.curves .spread{stroke:currentColor;stroke-width:1.2;opacity:.6}
.curves g{color:rgb(var(--right));stroke:currentColor}.curves circle{fill:currentColor}
.curves .c1{color:rgb(var(--wrong))}.curves .c2{color:#2f9e68}.curves .c3{color:#9a5fd0}
.curves .c4{color:#b8860b}.curves .c5{color:#c2447e}
.curves .c1 polyline{stroke-dasharray:7 4}.curves .c2 polyline{stroke-dasharray:2 4}
.curves .c3 polyline{stroke-dasharray:10 3 2 3}.curves .c4 polyline{stroke-dasharray:14 5}
.curves .c5 polyline{stroke-dasharray:4 2}.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem}
.legend span{display:inline-flex;align-items:center;gap:.4rem}.legend svg{width:28px;height:12px}
@media print{details{break-inside:avoid}}
""".replace("\n", "")
