// k6 as its documentation writes it, bodies discarded: the cheapest it can be. LOAD is a scenario as JSON.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  scenarios: { load: JSON.parse(__ENV.LOAD) },
  discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(90)', 'p(95)', 'p(99)'],
};
const pace = Number(__ENV.PACE_S || 0);

export default function () {
  const begun = Date.now();
  http.get(__ENV.URL);
  if (pace > 0) sleep(Math.max(0, pace - (Date.now() - begun) / 1000));
}

export function handleSummary(data) {
  return { stdout: JSON.stringify(data.metrics.http_req_duration.values) };
}
