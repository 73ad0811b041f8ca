// probe-image-size over a list of URLs, 64 at a time: how many sizes, and the bytes its sockets read.
//
//     NODE_PATH=... node probe_run.cjs URLS
'use strict'
const fs = require('fs')
const net = require('net')
const probe = require('probe-image-size')

let bytes = 0
const { _destroy: destroyed } = net.Socket.prototype
net.Socket.prototype._destroy = function (error, then) {
  bytes += this.bytesRead || 0
  return destroyed.call(this, error, then)
}

const urls = fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)
let done = 0

async function work () {
  for (let url = urls.pop(); url !== undefined; url = urls.pop()) {
    try {
      const size = await probe(url)
      if (size.width > 0) done += 1
    } catch (error) {
      console.error(url, String(error))
    }
  }
}

Promise.all(Array.from({ length: 64 }, work)).then(() => setImmediate(() => {
  console.log(JSON.stringify({ done, bytes }))
  process.exit(0)
}))
