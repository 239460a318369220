// What can be done with the selected conversation, by a button or a key.

import { ask, askText } from './dialog.js';
import { make } from './dom.js';
import { STAR, UNREAD, facts } from './facts.js';
import { clean } from './text.js';

/** The longest name of a conversation group, in bytes. */
const MAX_GROUP = 32;

export class Actions {
  /** `say(text)` speaks of results. */
  constructor({ client, model, list, say }) {
    Object.assign(this, { client, model, list, say });
  }

  get all() {
    return [
      { key: 'p', words: (row) => (row?.isPinned ? 'Unpin' : 'Pin'), run: (row) => this.pin(row) },
      { key: 's', words: (row) => (row?.markList.includes(STAR) ? 'Unstar' : 'Star'), run: (row) => this.mark(row, STAR, 'Starred', 'Star removed from') },
      { key: 'r', words: () => 'Read', run: (row) => this.read(row) },
      { key: 'u', words: () => 'Mark unread', run: (row) => this.mark(row, UNREAD, 'Marked unread:', 'Mark removed from') },
      { key: 'g', words: () => 'Groups…', run: (row) => this.groups(row) },
      { key: 'e', words: () => 'Draft…', run: (row) => this.draft(row) },
      { key: 'd', words: () => 'Delete…', run: (row) => this.remove(row) },
    ];
  }

  nameOf(row) {
    return facts(row, this.model.self).name;
  }

  /** Calls the gateway, and says what came of it. */
  async call(words, ids, called, change) {
    this.list.release();
    try {
      const answer = await called;
      const failure = answer?.failureConversationIDList?.[0];
      if (failure) return this.say(`Not done: ${failure.message}`);
      if (change) this.model.amend(ids, change);
      this.say(words);
      return true;
    } catch (error) {
      this.say(`Not done: ${error.message}`);
      return false;
    }
  }

  pin(row) {
    const [id, isPinned] = [row.conversationID, !row.isPinned];
    return this.call(`${isPinned ? 'Pinned' : 'Unpinned'} ${this.nameOf(row)}`, [id], this.client.pin(id, isPinned), (was) => (isPinned ? [] : [{ ...was, isPinned }]));
  }

  mark(row, mark, on, off) {
    const id = row.conversationID;
    const isSet = !row.markList.includes(mark);
    const marks = row.markList.filter((known) => known !== mark).concat(isSet ? [mark] : []);
    return this.call(`${isSet ? on : off} ${this.nameOf(row)}`, [id], this.client.mark([id], mark, isSet), (was) => [{ ...was, markList: marks }]);
  }

  async read(row) {
    const id = row.conversationID;
    const isDone = await this.call(`Read ${this.nameOf(row)}`, [id], this.client.read(id), (was) => [{ ...was, unreadCount: 0 }]);
    if (isDone && row.markList.includes(UNREAD)) await this.client.mark([id], UNREAD, false).catch(() => {});
  }

  async draft(row) {
    const id = row.conversationID;
    const name = this.nameOf(row);
    const text = await askText({ title: `Draft to ${name}`, ok: 'Keep', label: 'Text', value: row.draftText, isLong: true, maxlength: 4000 });
    if (text === null) return;
    await this.call(text ? `Draft to ${name} kept` : `Draft to ${name} removed`, [id], this.client.draft(id, text || null), (was) => [{ ...was, draftText: text }]);
  }

  async remove(row) {
    const id = row.conversationID;
    const name = this.nameOf(row);
    const body = [make('p', {}, 'It leaves the list on all devices, and comes back with the next message.')];
    if (await ask({ title: `Delete the conversation with ${name}?`, ok: 'Delete', body })) {
      await this.call(`Deleted ${name}`, [id], this.client.remove([id]), () => []);
    }
  }

  async groups(row) {
    const id = row.conversationID;
    const boxes = (this.model.groups ?? []).map((name) => {
      const box = make('input', { type: 'checkbox' });
      box.checked = row.conversationGroupList.includes(name);
      return { name, box, was: box.checked };
    });
    const fresh = make('input', { dir: 'auto', maxlength: String(MAX_GROUP), autofocus: boxes.length === 0 });
    const lines = boxes.map(({ name, box }) => make('label', { class: 'check' }, box, make('bdi', {}, clean(name))));
    const answer = await ask({
      title: `Groups of ${this.nameOf(row)}`,
      ok: 'Keep',
      body: [make('div', { class: 'checks' }, ...lines), make('label', {}, 'New group', fresh)],
      answer: () => ({ changed: boxes.filter(({ box, was }) => box.checked !== was).map(({ name, box }) => [name, box.checked]), created: fresh.value.trim() }),
    });
    if (!answer) return;
    for (const [name, isIn] of answer.changed) {
      const called = isIn ? this.client.addToGroup(name, [id]) : this.client.removeFromGroup(name, [id]);
      await this.call(`${isIn ? 'Added to' : 'Removed from'} ${name}`, [id], called);
    }
    if (answer.created) await this.call(`Group ${answer.created} made`, [id], this.client.createGroup(answer.created, [id]));
    await this.model.readGroups();
  }

  async renameGroup(name) {
    const fresh = await askText({ title: `Rename the group ${name}`, ok: 'Rename', label: 'New name', value: name, maxlength: MAX_GROUP });
    if (!fresh || fresh === name) return;
    if (await this.call(`Renamed ${name} to ${fresh}`, [], this.client.renameGroup(name, fresh))) {
      await this.model.readGroups();
      this.model.choose(this.model.tabs.find((tab) => tab.key === `=${fresh}`) ?? this.model.tabs[0]);
    }
  }

  async deleteGroup(name) {
    const body = [make('p', {}, 'Its conversations stay in the list.')];
    if (!(await ask({ title: `Delete the group ${name}?`, ok: 'Delete', body }))) return;
    if (await this.call(`Group ${name} deleted`, [], this.client.deleteGroup(name))) await this.model.readGroups();
  }
}
