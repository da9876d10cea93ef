import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { parse, SetPassword, type Member } from '@pataka/contracts';
import type { CommandContext } from '@pataka/event-sourcing';
import { Command, created, cut, listed, pageOf, requireIfMatch, versioned, Answer, type HttpCommandContext, type Query as QueryOf } from '@pataka/platform';
import { Members } from './members';

const PATH = '/api/members';
const MEMBER_ID = /^[\w-]{1,128}$/;

/** A repeated request is told by a hash of its body: not of one that holds a password. */
const unrepeatable = ({ idempotency: _, ...context }: HttpCommandContext): CommandContext => context;

@Controller('api/members')
export class MembersController {
  constructor(@Inject(Members) private readonly members: Members) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, MEMBER_ID);
    const { rows, last } = cut(await this.members.page(after, limit + 1), limit, (member) => member.id);
    return listed(PATH, query, rows, last);
  }

  @Post()
  async create(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const { invitation, ...handled } = await this.members.create(body, unrepeatable(context));
    return created(`${PATH}/${handled.document.id}`, { ...handled, document: { ...handled.document, ...(invitation === undefined ? {} : { invitation }) } });
  }

  @Get(':id')
  async read(@Param('id') id: string): Promise<Answer<Member>> {
    return versioned(await this.members.find(id));
  }

  @Patch(':id')
  async update(@Param('id') id: string, @Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer<Member>> {
    await this.members.find(id);
    requireIfMatch(context);
    return versioned(await this.members.update(id, body, context));
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<void> {
    await this.members.remove(id, context);
  }

  @Put(':id/password')
  @HttpCode(204)
  async setPassword(@Param('id') id: string, @Body() body: unknown, @Command() context: HttpCommandContext): Promise<void> {
    await this.members.find(id);
    await this.members.setPassword(id, parse(SetPassword, body).password, unrepeatable(context));
  }

  /** The secret is answered this once. */
  @Post(':id/invitation')
  async invite(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return new Answer(201, await this.members.invite(id, unrepeatable(context)));
  }
}
