// Reloads the page when the site was built anew. It asks through script elements, so that the pages keep the policy
// they are published with, which allows no other requests: the server answers when there is something new, or after a
// while, so that it can be asked again.
(() => {
  "use strict";
  const { version, wait } = document.currentScript.dataset;
  const ask = () => {
    const script = document.createElement("script");
    script.src = `${wait}?version=${version}&at=${Date.now()}`;
    script.onload = () => {
      script.remove();
      ask();
    };
    // The server has gone; it may come back.
    script.onerror = () => {
      script.remove();
      setTimeout(ask, 1000);
    };
    document.head.append(script);
  };
  // Not before the page is there, which a waiting script would hold up.
  if (document.readyState === "complete") ask();
  else addEventListener("load", ask);
})();
