// Sign-out, and what a page does when the server says that nobody is signed in any more.
(function () {
  "use strict";
  const AGAIN_MS = 15000;
  const fetched = window.fetch;

  /** Load the page again: the server then shows what is right, the sign-in or that this display was signed off. */
  function again() {
    const last = Number(sessionStorage.getItem("signed-out") ?? 0);
    if (Date.now() - last < AGAIN_MS) return;
    sessionStorage.setItem("signed-out", String(Date.now()));
    location.reload();
  }

  window.fetch = async function (...given) {
    const reply = await fetched.apply(this, given);
    if (reply.status === 401 && new URL(reply.url, location.href).origin === location.origin) again();
    return reply;
  };

  document.addEventListener("click", async (event) => {
    if (!event.target.closest('[data-account="out"]')) return;
    const reply = await fetched("/sign-out", { method: "POST", headers: { "X-Campus-Token": window.campus.facts.token ?? "" } });
    // where it leads to: the sign-in, or the way out at the provider
    location.assign(reply.redirected ? reply.url : "/sign-in?why=out");
  });
})();
