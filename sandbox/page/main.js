// Wires the page: every part is mounted once, then the feed brings it to life.

import "./theme.js";
import { mountComposer, quote } from "./composer/composer.js";
import { follow } from "./feed.js";
import { mountIdentity } from "./list/identity.js";
import { mountList } from "./list/list.js";
import { mountNewChat } from "./list/newchat.js";
import { mountLog } from "./log/log.js";
import { mountShell } from "./shell.js";
import { mountSide } from "./side/side.js";

mountIdentity();
mountList();
mountNewChat();
mountLog({ quote });
mountComposer();
mountSide();
mountShell();
follow();
