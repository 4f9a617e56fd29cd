// leak.js RATE WAIT KIND: keeps RATE bytes more a second, as buffers or as objects on the heap.
const [rate, wait, kind] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const kept = [];
console.log("ready");
setTimeout(() => {
  console.log("grow");
  const begin = Date.now();
  let held = 0;
  setInterval(() => {
    while (held < ((Date.now() - begin) / 1000) * rate) {
      if (kind === "buffer") {
        kept.push(Buffer.alloc(65536, 1));
        held += 65536;
      } else {
        // An array of small integers: 8 bytes each, and a header.
        kept.push(new Array(8190).fill(7));
        held += 65536;
      }
    }
  }, 10);
}, wait * 1000);
