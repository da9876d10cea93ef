import './load-lazily';
import 'reflect-metadata';
import { start } from '@pataka/platform';
import { openService } from './app.module';

void start('evaluator', openService);
