// Takes the pictures of the guide: node tests/pictures.mjs FOLDER. The rows are always the same.

import { Fake, now, row } from './fake.mjs';
import { launch, logIn, open, settle } from './stage.mjs';

const minutes = (count) => now() - 60 * count;
const at = [{ from: 'bob', groupID: 'press', messageSequence: 7, atTypeArray: [1] }];
const message = (from, text, time) => ({ ...row('C2Cx').lastMessage, fromAccount: from, nick: from, messageForShow: text, lastTime: minutes(time) });

const latin = [
  row('GROUPpress', { name: 'Press office', unread: 4, isPinned: true, groupAtInfoList: at, lastMessage: message('Bob Lee', 'can you look at the release?', 2) }),
  row('C2Cann', { name: 'Ann Weber', isPinned: true, draftText: 'Thank you, the invoice is', lastMessage: message('ann', 'see you on Monday', 9) }),
  row('C2Ccustomer_204', { name: 'José Ñandú', unread: 12, lastMessage: message('customer_204', 'the parcel has not come yet', 11) }),
  row('GROUPdesk', { name: '客服 Front desk', unread: 31, messageRemindType: 'AcceptNotNotify', lastMessage: message('Mei', '谢谢', 26) }),
  row('C2Csara', { name: 'سارة', markList: [1], lastMessage: message('sara', 'شكرا جزيلا', 180) }),
  row('C2Cuser_0113', { name: '', notFetched: ['unreadCount'], lastMessage: message('alice', 'on my way', 600) }),
];
const arabic = [
  row('GROUPpress', { name: 'المكتب الصحفي', unread: 4, isPinned: true, groupAtInfoList: at, lastMessage: message('بدر', 'هل يمكنك مراجعة البيان؟', 2) }),
  row('C2Csara', { name: 'سارة', isPinned: true, draftText: 'شكرا، الفاتورة', lastMessage: message('sara', 'أراك يوم الاثنين', 9) }),
  row('C2Cbob', { name: 'Bob Lee (EMEA)', unread: 12, lastMessage: message('bob', 'the parcel has not come yet', 11) }),
  row('GROUPdesk', { name: 'خدمة العملاء', unread: 31, messageRemindType: 'AcceptNotNotify', lastMessage: message('ليلى', 'حسنا', 26) }),
  row('C2Comar', { name: 'عمر', markList: [1], lastMessage: message('omar', 'شكرا جزيلا', 180) }),
];

const browser = await launch();
for (const [name, colorScheme, rows, link, groups] of [
  ['light', 'light', latin, '', ['Family', 'Suppliers']],
  ['dark', 'dark', latin, '', ['Family', 'Suppliers']],
  ['rtl', 'light', arabic, '&dir=rtl', ['عائلة']],
]) {
  const fake = await new Fake(rows, { groups }).start();
  const context = await browser.newContext({ viewport: { width: 720, height: 540 }, colorScheme });
  const page = await open(context, fake.inboxUrl + link);
  await logIn(page);
  await page.mouse.move(300, 5);
  await settle(page);
  await page.screenshot({ path: `${process.argv[2]}/inbox-${name}.png` });
  await context.close();
  await fake.stop();
}
await browser.close();
