import { Controller, Get, Query } from '@nestjs/common';
import { DomainError, type Fault } from '@pataka/contracts';
import { parameter, type Query as QueryOf } from '@pataka/platform';
import { twoProportionSampleSize } from '@pataka/statistics';

const DEFAULTS = { power: 0.8, alpha: 0.05 };

const shares = (query: QueryOf): Record<'baseline' | 'minimumEffect' | 'power' | 'alpha', number> => {
  const faults: Fault[] = [];
  const read = (name: string, fallback: number | null, fits: (value: number) => boolean, detail: string): number => {
    const text = parameter(query, name);
    const value = text === undefined ? fallback : Number(text);
    if (value === null) faults.push({ pointer: `/${name}`, detail: 'is needed' });
    else if (!Number.isFinite(value) || !fits(value)) faults.push({ pointer: `/${name}`, detail });
    return value ?? 0;
  };
  const within = (value: number): boolean => value > 0 && value < 1;
  const baseline = read('baseline', null, within, 'must be a rate between 0 and 1');
  const minimumEffect = read('minimumEffect', null, (value) => value !== 0 && within(baseline * (1 + value)), 'must be a relative effect, not 0, that leaves the rate between 0 and 1');
  const alpha = read('alpha', DEFAULTS.alpha, within, 'must be between 0 and 1');
  const power = read('power', DEFAULTS.power, (value) => within(value) && value > alpha, 'must be above alpha and below 1');
  if (faults.length > 0) throw new DomainError('validation', 'the plan is not valid', faults);
  return { baseline, minimumEffect, alpha, power };
};

/** How many subjects a planned test of two rates needs. */
@Controller('api/power')
export class PowerController {
  @Get()
  plan(@Query() query: QueryOf): object {
    const { baseline, minimumEffect, alpha, power } = shares(query);
    const size = twoProportionSampleSize({ pControl: baseline, pTreatment: baseline * (1 + minimumEffect), ratio: 1, alpha, power, alternative: 'two-sided' });
    return { baseline, minimumEffect, alpha, power, subjectsPerVariant: size.nControlCeil, subjects: size.nControlCeil + size.nTreatmentCeil };
  }
}
