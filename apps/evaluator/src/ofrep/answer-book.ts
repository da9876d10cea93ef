import type { Flag } from '@pataka/contracts';
import type { EvaluationCounts } from '../events/evaluation-counts';
import type { RulesetState } from '../ruleset/ruleset-state';
import { AnswerPage } from './answer-page';
import { FlagAnswers } from './flag-answers';

interface Chapter { byKey: Map<string, FlagAnswers>; pages: Map<'server' | 'client', AnswerPage[]>; generation: number; stale: boolean }

/** Which flags there are to answer for, by environment and audience, each with its answers; brought up to date when something has changed. */
export class AnswerBook {
  readonly #chapters = new Map<string, Chapter>();
  #generation = 0;

  constructor(private readonly state: RulesetState, private readonly counts: EvaluationCounts) {
    state.onChange(() => { this.#generation += 1; });
  }

  /** The answers of one flag; undefined where there is none that this audience may see. */
  one(environment: string, audience: 'server' | 'client', key: string, stale: boolean): FlagAnswers | undefined {
    const flag = this.state.flag(key);
    return flag === undefined || !sees(audience, flag) ? undefined : this.#answersOf(this.#chapter(environment, stale), environment, flag);
  }

  /** The answers of every flag that this audience may see. */
  all(environment: string, audience: 'server' | 'client', stale: boolean): readonly AnswerPage[] {
    const chapter = this.#chapter(environment, stale);
    let pages = chapter.pages.get(audience);
    if (pages === undefined) {
      const flags = [...this.state.flags()].filter((flag) => sees(audience, flag));
      chapter.pages.set(audience, (pages = AnswerPage.of(flags.map((flag) => this.#answersOf(chapter, environment, flag)))));
    }
    return pages;
  }

  #chapter(environment: string, stale: boolean): Chapter {
    let chapter = this.#chapters.get(environment);
    if (chapter === undefined || chapter.stale !== stale) {
      this.#chapters.set(environment, (chapter = { byKey: new Map(), pages: new Map(), generation: this.#generation, stale }));
    } else if (chapter.generation !== this.#generation) {
      chapter.pages.clear();
      chapter.generation = this.#generation;
    }
    return chapter;
  }

  #answersOf({ byKey, stale }: Chapter, environment: string, flag: Flag): FlagAnswers {
    let answers = byKey.get(flag.key);
    if (answers?.flag !== flag) byKey.set(flag.key, (answers = new FlagAnswers(flag, environment, stale, this.counts)));
    return answers;
  }
}

const sees = (audience: 'server' | 'client', flag: Flag): boolean => audience === 'server' || flag.clientVisible === true;
