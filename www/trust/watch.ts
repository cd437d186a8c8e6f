// The first script of every caged worker: reports its requests to the page. The worker's name is the channel's.
import { observe } from "./observe";

const channel = new BroadcastChannel(self.name);
observe((requests) => channel.postMessage(requests));
