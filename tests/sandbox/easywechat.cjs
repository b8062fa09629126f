// A published SDK, unmodified, does an app's everyday work; what it was told goes back as JSON.
const { Work } = require("node-easywechat");

const told = JSON.parse(require("fs").readFileSync(0, "utf8"));
const app = new Work({
  corp_id: told.corp_id,
  secret: told.secret,
  token: told.callback_token,
  aes_key: told.callback_aes_key,
  agent_id: told.agent_id,
  http: { baseURL: `${told.url}/` },
  file_cache: { path: told.cache },
});

async function main() {
  const client = app.getClient();
  const get = async (path, params = {}) => (await client.get(`/cgi-bin/${path}`, { params })).toObject();
  const post = async (path, json = {}) => (await client.request("post", `/cgi-bin/${path}`, { json })).toObject();
  const answers = {};

  answers.token = await app.getAccessToken().getToken();
  answers.staff = await get("user/simplelist", { department_id: 1, fetch_child: 1 });
  answers.member = await get("user/get", { userid: told.userid });
  answers.followers = await get("externalcontact/get_follow_user_list");
  answers.list = await get("externalcontact/list", { userid: told.userid });
  answers.customer = await get("externalcontact/get", { external_userid: told.external_userid });
  answers.batch = await post("externalcontact/batch/get_by_user", { userid_list: [told.userid], limit: 1 });
  answers.way = await post("externalcontact/add_contact_way", { type: 1, scene: 2, user: [told.userid], state: "sdk" });
  answers.read = await post("externalcontact/get_contact_way", { config_id: answers.way.config_id });
  answers.tags = await post("externalcontact/add_corp_tag", { group_name: "喜好", tag: [{ name: "鲜花" }] });
  const add_tag = answers.tags.tag_group.tag.map((tag) => tag.id);
  const pair = { userid: told.userid, external_userid: told.external_userid };
  answers.mark = await post("externalcontact/mark_tag", { ...pair, add_tag });
  answers.remark = await post("externalcontact/remark", { ...pair, remark: "常客" });
  answers.welcome = await post("externalcontact/send_welcome_msg", { welcome_code: told.welcome_code, text: { content: "欢迎" } });
  answers.after = await get("externalcontact/get", { external_userid: told.external_userid });
  answers.mass = await post("externalcontact/add_msg_template", { sender: told.userid, external_userid: [told.external_userid], text: { content: "今晚 20:00 开抢" } });
  const mass = { msgid: answers.mass.msgid };
  answers.remind = await post("externalcontact/remind_groupmsg_send", mass);
  answers.tasks = await post("externalcontact/get_groupmsg_task", mass);
  answers.results = await post("externalcontact/get_groupmsg_send_result", { ...mass, userid: told.userid });
  const now = Math.floor(Date.now() / 1000);
  answers.sent = await post("externalcontact/get_groupmsg_list_v2", { chat_type: "single", start_time: now - 3600, end_time: now + 60 });
  answers.cancel = await post("externalcontact/cancel_groupmsg_send", mass);
  answers.groups = await post("externalcontact/groupchat/list", { limit: 10 });
  answers.group = await post("externalcontact/groupchat/get", { chat_id: answers.groups.group_chat_list[0].chat_id, need_name: 1 });
  answers.told = await post("message/send", { agentid: told.agent_id, touser: told.userid, msgtype: "text", text: { content: "去群发助手点发送" } });
  answers.ticket = await app.getTicket().getTicket();
  answers.signed = await app.getTicket().createConfigSignature("http://127.0.0.1:9/sidebar?a=1", "nonce", 1700000000);
  console.log(JSON.stringify(answers));
}

main().catch((error) => { console.error(error); process.exit(1); });
