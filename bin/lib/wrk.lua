-- Prints what wrk has counted as one line of JSON.
function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"seconds":%.3f,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,"p50":%.3f,"p99":%.3f,"max":%.3f}\n',
      summary.requests, summary.duration / 1e6, errors.connect, errors.read, errors.write, errors.timeout, errors.status,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
