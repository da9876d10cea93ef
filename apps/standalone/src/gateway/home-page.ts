interface Running { name: string; status: string }

const does: Record<string, [english: string, hindi: string]> = {
  'flag-admin': ['flags, segments, regions, calendars, environments, keys', 'फ़्लैग, सेगमेंट, क्षेत्र, कैलेंडर, परिवेश, कुंजियाँ'],
  evaluator: ['evaluation over OFREP, events, streams', 'OFREP पर मूल्यांकन, घटनाएँ, स्ट्रीम'],
  'experiment-orchestrator': ['experiments and their life cycle', 'प्रयोग और उनका जीवन-चक्र'],
  analytics: ['evidence, results, metrics', 'प्रमाण, परिणाम, मेट्रिक'],
};
const word: Record<string, string> = { pass: 'running · चालू', warn: 'degraded · सीमित', fail: 'away · अनुपलब्ध' };

const row = ({ name, status }: Running): string => {
  const [english, hindi] = does[name] ?? ['', ''];
  return `<tr><th scope="row">${name}</th><td>${english}<br><span lang="hi">${hindi}</span></td><td class="${status}">${word[status] ?? status}</td>` +
    `<td><a href="/docs/${name}">API reference</a> · <a href="/services/${name}/openapi.json">OpenAPI</a> · <a href="/services/${name}/health/ready">health</a></td></tr>`;
};

/** The page at `/`: what is running, how to sign in, where the API references are. No script. */
export const homePage = (services: readonly Running[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pataka</title>
<style>
:root { color-scheme: light dark; font: 16px/1.6 system-ui, "Noto Sans", "Noto Sans Devanagari", sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 span { font-weight: 400; opacity: .75; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); vertical-align: top; }
.pass::before { content: "● "; color: #1a7f37; } .warn::before { content: "▲ "; color: #9a6700; } .fail::before { content: "■ "; color: #cf222e; }
pre { padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .5rem; overflow-x: auto; }
</style>
</head>
<body>
<h1>Pataka <span lang="hi">पताका</span></h1>
<p>Feature flags and experiments for fleets. Every change, exposure and conversion is an event on a log.</p>
<h2>Running · <span lang="hi">चल रहा है</span></h2>
<table><tbody>
${services.map(row).join('\n')}
</tbody></table>
<h2>Signing in · <span lang="hi">साइन इन</span></h2>
<p>Send a token with every request. The first start printed three of them in its terminal: one to manage, a server key and a client key
(or set <code>PATAKA_ADMIN_TOKEN</code>, <code>PATAKA_SERVER_KEY</code> and <code>PATAKA_CLIENT_KEY</code> before it).</p>
<pre>curl -H "Authorization: Bearer $PATAKA_ADMIN_TOKEN" http://localhost:8080/api/flags</pre>
<p>Any OpenFeature client with an OFREP provider evaluates at <code>/ofrep/v1/</code> with the server key.
One description of everything: <a href="/openapi.json">/openapi.json</a>. Figures: <a href="/metrics">/metrics</a>.</p>
</body>
</html>
`;
