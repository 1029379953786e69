"use strict";
// Signing in elsewhere gives the browser a new token: a form handed back is sent with the one of that moment, which
// only a page of this site can read. Without this the first press shows the page again, and the second one sends.
document.querySelector("form.resend").addEventListener("submit", (event) => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token) event.target.elements.csrfmiddlewaretoken.value = token[1];
});
