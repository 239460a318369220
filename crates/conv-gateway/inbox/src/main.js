// The login. A token lives in the client's memory alone.

import { $, write } from './dom.js';
import { Page } from './page.js';
import { open } from './session.js';
import { clean } from './text.js';

const form = $('login-form');
const [user, sig] = [form.elements.userID, form.elements.userSig];
const link = handedOver();
let client;
let page;

/** Takes a login from the address, which then has it no more, and the rest for later. */
function handedOver() {
  const found = new URLSearchParams(location.hash.slice(1));
  user.value = found.get('userID') ?? '';
  sig.value = found.get('userSig') ?? '';
  const hadLogin = found.has('userID') || found.has('userSig');
  found.delete('userID');
  found.delete('userSig');
  if (hadLogin) history.replaceState(null, '', found.size ? `#${found}` : location.pathname + location.search);
  if (found.get('dir') === 'rtl') document.documentElement.dir = 'rtl';
  return found;
}

async function logIn() {
  const login = { userID: user.value, userSig: sig.value };
  const [button] = form.getElementsByTagName('button');
  button.disabled = true;
  write($('refusal'), '');
  try {
    client = await open(login);
  } catch (error) {
    write($('refusal'), `Not logged in: ${clean(error.message)}`);
    return;
  } finally {
    button.disabled = false;
  }
  form.reset();
  $('login').hidden = true;
  $('app').hidden = false;
  page = new Page(client, login.userID, link, (words) => end(words, words && login.userID));
}

/** Forgets the login, and says why it ended. */
function end(words, userID) {
  page.close();
  client.logout().catch(() => {});
  page = client = undefined;
  history.replaceState(null, '', location.pathname + location.search);
  $('app').hidden = true;
  $('login').hidden = false;
  write($('refusal'), words);
  user.value = userID;
  (userID ? sig : user).focus();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  logIn();
});
(user.value ? form.getElementsByTagName('button')[0] : user).focus();
