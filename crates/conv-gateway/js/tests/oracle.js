// The Chat SDK itself, with a peer in this process in place of its cloud.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Answers frames of the SDK by command; frames are JSON as bytes, both ways. */
class Peer {
  static answers = {};
  static asked = [];
  readyState = 0;
  binaryType = '';

  constructor() {
    setTimeout(() => {
      this.readyState = 1;
      this.onopen?.({});
    }, 1);
  }

  send(data) {
    const bytes = typeof data === 'string' ? data : new TextDecoder().decode(data);
    const { head, body } = JSON.parse(bytes);
    const command = head.servcmd;
    Peer.asked.push({ command, body });
    const answer = Peer.answers[command]?.(body) ?? { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' };
    const reply = { head: { ...head, ErrorCode: 0 }, body: { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '', ...answer } };
    const sent = new TextEncoder().encode(JSON.stringify(reply));
    setTimeout(() => this.onmessage?.({ data: sent }), 1);
  }

  close() {
    this.readyState = 3;
  }
}

const REMINDS = ['AcceptAndNotify', 'Discard', 'AcceptNotNotify', 'AcceptNotNotifyExceptAt'];

/** Marks as the cloud has them: bit 0 is the last digit. */
const bits = (marks) => marks.reduce((sum, mark) => sum + BigInt(mark), 0n).toString(2);

/** A row of ours, as the SDK's own pull has it. */
function session(row) {
  const isUser = row.type === 'C2C';
  const last = row.lastMessage;
  const common = {
    Type: isUser ? 1 : 2,
    MsgTimeStamp: last.lastTime,
    MsgTime: last.lastTime,
    MsgSeq: last.lastSequence,
    TopFlags: row.isPinned ? 1 : 0,
    UnreadMsgCount: row.unreadCount,
    LastMsgFlags: 0,
    LastMsg: { MsgBody: [{ MsgType: 'TIMTextElem', MsgContent: { Text: 'text' } }], CloudCustomData: '' },
    MsgRecvOption: Math.max(0, REMINDS.indexOf(row.messageRemindType ?? REMINDS[0])),
    StandardMark: bits(row.markList),
    CustomMark: row.customData,
    ContactGroupId: [],
  };
  if (isUser) return { ...common, To_Account: row.conversationID.slice(3), C2cNick: row.userProfile.nick, C2cImage: '', C2cRemark: row.remark, C2cPeerReadTime: 0, LastC2CMsgFrom_Account: row.conversationID.slice(3) };
  return { ...common, ToAccount: row.conversationID.slice(5), GroupNick: row.groupProfile.name, GroupImage: '', GroupType: row.subType, MsgGroupReadedSeq: 0, GroupIgnoredUnreadSeqCount: 0, GroupNextMsgSeq: last.lastSequence + 1, MsgGroupFrom_Account: 'bob', MsgGroupFromNickName: '', MsgGroupFromCardName: '' };
}

/** Returns the SDK, which finds these rows when it pulls. */
export function oracle(rows) {
  globalThis.WebSocket = Peer;
  Peer.answers = {
    'im_open_status.wslogin': () => ({ A2Key: 'a2', TinyId: '144115', HelloInterval: 120, InstanceId: 1, TimeStamp: 1_775_000_000 }),
    'recentcontact.page_get': () => ({ CompleteFlag: 1, TimeStamp: 0, StartIndex: 0, TopTimeStamp: 0, TopStartIndex: 0, GroupItem: [], SessionItem: rows.map(session) }),
    'sns.black_list_get': () => ({ BlackListItem: [], StartIndex: 0, CurruentSequence: 1 }),
    'profile.portrait_get_all': ({ UserItem: users = [] }) => ({
      UserProfileItem: users.map(({ To_Account }) => ({ To_Account, ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: 'nick' }], ResultCode: 0 })),
    }),
    'recentcontact.batch_delete': ({ ContactItem = [] }) => ({ ResultItem: ContactItem.map((it) => ({ ...it, ResultCode: 0 })) }),
  };
  return { sdk: require('@tencentcloud/chat'), asked: Peer.asked, answers: Peer.answers };
}

// Run as a program: plays the script on the SDK, with the rows from standard input.
if (process.argv[2] === 'play') {
  const { play } = await import('./script.js');
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const log = console.log;
  console.log = console.warn = console.error = console.info = console.debug = () => {};
  const { sdk } = oracle(JSON.parse(text));
  const played = await play(sdk, {});
  log(JSON.stringify(played));
  process.exit();
}
