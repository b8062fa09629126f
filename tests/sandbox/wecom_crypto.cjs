// Tencent's own library reads our envelopes and writes its own.
const { decrypt, encrypt, getSignature } = require("@wecom/crypto");

const told = JSON.parse(require("fs").readFileSync(0, "utf8"));

console.log(JSON.stringify({
  messages: told.encrypted.map((one) => decrypt(told.key, one).message),
  signatures: told.encrypted.map((one) => getSignature(told.token, "1", "2", one)),
  encrypted: told.texts.map((text) => encrypt(told.key, text, "ww1")),
}));
