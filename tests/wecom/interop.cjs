// The official crypto package as an independent witness: {encrypt, decrypt} lists in, what it makes of them out.
const crypto = require("@wecom/crypto");

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const { token, key, corp, timestamp, nonce, encrypt, decrypt, page } = JSON.parse(text);
  const sealed = encrypt.map((message) => {
    const encrypted = crypto.encrypt(key, message, corp);
    return { encrypted, signature: crypto.getSignature(token, timestamp, nonce, encrypted) };
  });
  const opened = decrypt.map((encrypted) => {
    const { message, id } = crypto.decrypt(key, encrypted);
    return { message, id, signature: crypto.getSignature(token, timestamp, nonce, encrypted) };
  });
  const { signature } = crypto.getJsApiSignature(page);
  process.stdout.write(JSON.stringify({ sealed, opened, page: signature }));
});
