import { Body, Controller, Delete, Inject, Param, Patch } from '@nestjs/common';
import { faultsOf, PatchKeyList, type Fault } from '@pataka/contracts';
import { isRecord, listOf } from '@pataka/evaluation';
import { Command, requireIfMatch, versioned, type Answer, type HttpCommandContext } from '@pataka/platform';
import { mergeFaults, refuse } from '../faults/faults';
import { KeyCollector } from './key-collector';
import { keyFault } from './key-reader';
import { SegmentLists } from './segment-lists';
import { listNamed } from './segment-lists.routes';

const keysIn = (body: unknown, member: 'add' | 'remove'): string[] => (isRecord(body) ? listOf(body[member]).filter((key) => typeof key === 'string') : []);

const faultsIn = (body: unknown, member: 'add' | 'remove'): Fault[] =>
  keysIn(body, member).flatMap((key, index) => {
    const detail = keyFault(key);
    return detail === null ? [] : [{ pointer: `/${member}/${index}`, detail }];
  });

const bothWays = (body: unknown): Fault[] => {
  const added = new Set(keysIn(body, 'add'));
  return keysIn(body, 'remove').flatMap((key, index) => (added.has(key) ? [{ pointer: `/remove/${index}`, detail: 'is added too' }] : []));
};

const textOf = (keys: readonly string[]): ReturnType<KeyCollector['text']> => {
  const collector = new KeyCollector();
  keys.forEach(collector.add);
  return collector.text();
};

@Controller('api/segments/:key/lists/:list')
export class SegmentListsController {
  constructor(@Inject(SegmentLists) private readonly lists: SegmentLists) {}

  @Patch()
  async amend(@Param('key') key: string, @Param('list') name: string, @Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const list = listNamed(name);
    requireIfMatch(context);
    refuse(mergeFaults([...faultsIn(body, 'add'), ...faultsIn(body, 'remove'), ...bothWays(body)], faultsOf(PatchKeyList, body)));
    const [added, removed] = await Promise.all([textOf(keysIn(body, 'add')), textOf(keysIn(body, 'remove'))]);
    return versioned(await this.lists.amend(key, list, added, removed, context));
  }

  @Delete()
  async remove(@Param('key') key: string, @Param('list') name: string, @Command() context: HttpCommandContext): Promise<Answer> {
    const list = listNamed(name);
    requireIfMatch(context);
    return versioned(await this.lists.remove(key, list, context));
  }
}
