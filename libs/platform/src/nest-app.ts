import { Catch, type ArgumentsHost, type DynamicModule, type ExceptionFilter, type RpcExceptionFilter, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy, MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { nestLogger, type Logger } from './logging';
import { problemAnswer } from './problem';
import { stateOf } from './request';

/** Every error of a controller or hook as RFC 9457; what nobody foresaw is logged, once, with its stack. */
@Catch()
class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { raw } = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { id, route } = stateOf(raw);
    const answer = problemAnswer(thrown, id);
    if (answer.unexpected) this.logger.error({ err: thrown, requestId: id, method: raw.method, route }, 'a request failed');
    // As bytes: Fastify adds a charset, which JSON does not have, to the content type of a text.
    if (!reply.sent) void reply.code(answer.status).headers(answer.headers).send(Buffer.from(answer.body));
  }
}

/** Nest's own filter for messages turns any error into "Internal server error": a consumer has to see the real one to retry by it. */
@Catch()
class RethrowFilter implements RpcExceptionFilter {
  catch(thrown: unknown): Observable<never> {
    return throwError(() => thrown);
  }
}

/** Nest registers a plugin for middleware with every application; there is none, and the plugin would load a second router. */
class AdapterWithoutMiddleware extends FastifyAdapter {
  override async init(): Promise<void> {}
}

/** What an app is made of. */
export interface NestOptions {
  module: DynamicModule | Type;
  instance: FastifyInstance;
  logger: Logger;
  transport?: CustomTransportStrategy | undefined;
}

/** A Nest application over a Fastify that is ready to route, listening nowhere; consumers are connected and not yet started. */
export const createNestApp = async (options: NestOptions): Promise<NestFastifyApplication> => {
  const adapter = new AdapterWithoutMiddleware(options.instance as never);
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    logger: nestLogger(options.logger), abortOnError: false, bodyParser: false,
  });
  app.useGlobalFilters(new ProblemFilter(options.logger));
  await app.init();
  await options.instance.ready();
  if (options.transport !== undefined) {
    const consumers = app.connectMicroservice<MicroserviceOptions>({ strategy: options.transport }, { deferInitialization: true });
    consumers.useGlobalFilters(new RethrowFilter());
    // The providers' onModuleInit has run with the application's.
    (consumers as unknown as { setIsInitHookCalled(called: boolean): void }).setIsInitHookCalled(true);
  }
  return app;
};
