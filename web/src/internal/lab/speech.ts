/** What is said aloud when time has been moved: once per thing that somebody asked for, and not per event. */

import type { Branch, Stop } from './branch.js';
import { happened, topicNames } from './happened.js';
import { moment } from './moment.js';
import type { LabSession } from './session.js';

/** Waits for a way's end and says where it ended: `isFound` if it was to find the event that is chosen then. */
export async function tell(lab: LabSession, branch: Branch, way: Promise<Stop>, isFound = false): Promise<void> {
  const stop = await way;
  if (branch !== lab.current) return;
  const time = moment(branch.state.now, 3);
  switch (stop) {
    case 'superseded':
      return;
    case 'failed':
      return lab.notices.speak({ failure: branch.failure! });
    case 'violated':
      return lab.notices.speak({ key: 'notice.lab-violated', of: { code: branch.state.violation!.code, time } });
    case 'over':
      return lab.notices.speak({ key: 'notice.lab-over', of: { time } });
    case 'paused':
      return lab.notices.speak({ key: 'notice.lab-paused', of: { time } });
    case 'there': {
      const last = isFound ? branch.chosen : branch.events.at(-1);
      const event = last ? happened(last, topicNames(branch)) : '';
      return lab.notices.speak({ key: 'notice.lab-there', of: { time, event } });
    }
  }
}
