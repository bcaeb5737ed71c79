import { expect, test } from 'vitest';
import * as ottla from '../../src/public/index.js';

test('importing the package runs nothing and puts nothing on the global', () => {
  expect(Object.keys(ottla)).not.toContain('default');
  expect('ottla' in globalThis).toBe(false);
});
