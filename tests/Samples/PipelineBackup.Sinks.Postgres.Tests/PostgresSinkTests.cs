using System.Security.Cryptography;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres.Tests;

/// <summary>What the sink makes of the server, beside the laws.</summary>
public class PostgresSinkTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_is_made_once_also_by_eight_at_a_time()
    {
        var store = PostgresServer.NewStore();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
            {
                await using var sink = PostgresSink.Open(store, create: true);
                await sink.PutAsync(ObjectName.Of($"by/{i}"), ObjectBody.Of(new byte[i]), Token);
            })));
            await using var again = PostgresSink.Open(store, create: false);
            Assert.Equal(8, (await ListAsync(again)).Count);
        }
        finally
        {
            await PostgresServer.DropAsync(store);
        }
    }

    [Fact]
    public void A_store_that_is_not_there_is_not_made_for_reading()
    {
        var store = PostgresServer.NewStore();
        for (int i = 0; i < 2; i++)
        {
            var missing = Assert.Throws<SinkException>(() => PostgresSink.Open(store, create: false));
            Assert.Equal((SinkFailure.NotFound, ExitCode.NotFound), (missing.Failure, missing.ExitCode));
        }
    }

    [Fact]
    public void A_database_that_is_not_there_is_not_found()
    {
        var store = PostgresServer.NewStore() with { Database = "no-such-database" };
        var missing = Assert.Throws<SinkException>(() => PostgresSink.Open(store, create: true));
        Assert.Equal((SinkFailure.NotFound, false), (missing.Failure, missing.Transient));
        Assert.Contains("createdb", missing.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_password_is_told_and_not_shown()
    {
        var store = PostgresServer.NewStore() with { Password = "not-this-one" };
        var denied = Assert.Throws<SinkException>(() => PostgresSink.Open(store, create: true));
        Assert.Equal((SinkFailure.AccessDenied, false), (denied.Failure, denied.Transient));
        Assert.DoesNotContain("not-this-one", denied.ToString() + denied.Hint + store, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_cannot_be_reached_may_be_there_a_moment_later()
    {
        var store = new PostgresSinkOptions { Host = "127.0.0.1", Port = 1, Database = "x", Password = "pw-of-nobody" };
        var lost = Assert.Throws<SinkException>(() => PostgresSink.Open(store, create: true));
        Assert.Equal((SinkFailure.Other, true), (lost.Failure, lost.Transient));
        Assert.DoesNotContain("pw-of-nobody", lost.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_of_someone_else_are_left_alone()
    {
        var store = PostgresServer.NewStore();
        try
        {
            await PostgresServer.RunAsync(
                store, $"CREATE SCHEMA {store.Schema}; CREATE TABLE {store.Schema}.objects (name text)");
            var refused = Assert.Throws<SinkException>(() => PostgresSink.Open(store, create: true));
            Assert.Contains("a table of someone else", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            await PostgresServer.DropAsync(store);
        }
    }

    [Fact]
    public Task A_store_that_a_crash_would_empty_is_refused() => WithStoreAsync(async (store, _) =>
    {
        await PostgresServer.RunAsync(
            store, $"ALTER TABLE {store.Schema}.pieces SET UNLOGGED; ALTER TABLE {store.Schema}.objects SET UNLOGGED");
        var refused = Assert.Throws<SinkException>(() => PostgresSink.Open(store, create: false));
        Assert.Contains("not logged", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_server_that_does_not_flush_is_refused()
    {
        var durable = new StoreSurvey("on", "on", StoreTables.Format, "p");
        durable.Require("store");
        (durable with { Commits = "remote_apply" }).Require("store");
        Assert.Contains("fsync = off", Refused(durable with { Flushes = "off" }), StringComparison.Ordinal);
        foreach (string lax in (string[])["off", "local", "remote_write"])
        {
            string message = Refused(durable with { Commits = lax });
            Assert.Contains($"synchronous_commit = {lax}", message, StringComparison.Ordinal);
        }

        Assert.Contains("format 9", Refused(durable with { Format = "format 9" }), StringComparison.Ordinal);

        static string Refused(StoreSurvey survey) =>
            Assert.Throws<SinkException>(() => survey.Require("store")).Message;
    }

    [Fact]
    public Task Commits_are_synchronous_whatever_the_server_s_default() => WithStoreAsync(async (store, sink) =>
    {
        await PostgresServer.RunAsync(store, $"""
            CREATE FUNCTION {store.Schema}.note() RETURNS trigger LANGUAGE plpgsql AS $f$
            BEGIN
                IF current_setting('synchronous_commit') <> 'on' THEN RAISE EXCEPTION 'not synchronous'; END IF;
                RETURN NEW;
            END $f$;
            CREATE TRIGGER note BEFORE INSERT ON {store.Schema}.objects
                FOR EACH ROW EXECUTE FUNCTION {store.Schema}.note()
            """);
        // More than the pool has connections, so that some are used again after their reset.
        for (int i = 0; i < 20; i++)
            await sink.PutAsync(ObjectName.Of($"o/{i}"), ObjectBody.Of(new byte[i]), Token);
        await sink.PutAsync(ObjectName.Of("large"), ObjectBody.Of(new byte[3_000_000]), Token);
        Assert.Equal(21, (await ListAsync(sink)).Count);
    });

    [Fact]
    public Task A_listing_is_ordinal_whatever_the_database_sorts_by() => WithStoreAsync(async (_, sink) =>
    {
        string[] names = ["a", "B", "A", "b", "a-b", "a.b", "a/b", "aB", "ab", "_", "Z/z", "0"];
        foreach (string name in names)
            await sink.PutAsync(ObjectName.Of(name), ObjectBody.Of(new byte[1]), Token);
        Assert.Equal(names.Order(StringComparer.Ordinal), (await ListAsync(sink)).Select(item => item.Name.ToString()));
    });

    [Fact]
    public Task A_range_reads_only_the_pieces_it_needs() => WithStoreAsync(async (store, sink) =>
    {
        byte[] content = RandomNumberGenerator.GetBytes(10_000);
        await sink.PutAsync(ObjectName.Of("o"), ObjectBody.Of(content), Token);
        Assert.Equal(10L, await PostgresServer.RunAsync(store, $"SELECT count(*) FROM {store.Schema}.pieces"));
        // Whoever reads one of the others finds nothing.
        await PostgresServer.RunAsync(store, $"DELETE FROM {store.Schema}.pieces WHERE piece NOT IN (4, 5)");
        await using var stream = await sink.OpenReadAsync(ObjectName.Of("o"), new(4_500, 1_000), Token);
        byte[] range = new byte[1_000];
        await stream.ReadExactlyAsync(range, Token);
        Assert.Equal(content[4_500..5_500], range);
        Assert.Equal(0, await stream.ReadAsync(range, Token));
        await using var other = await sink.OpenReadAsync(ObjectName.Of("o"), new(0, 1), Token);
        var gone = await Assert.ThrowsAsync<SinkException>(() => other.ReadAsync(range, Token).AsTask());
        Assert.Equal(SinkFailure.NotFound, gone.Failure);
    }, pieceLength: 1024);

    [Fact]
    public Task A_piece_that_was_changed_by_hand_is_noticed() => WithStoreAsync(async (store, sink) =>
    {
        await sink.PutAsync(ObjectName.Of("o"), ObjectBody.Of(new byte[5_000]), Token);
        await PostgresServer.RunAsync(store, $"""
            DELETE FROM {store.Schema}.pieces WHERE piece = 1;
            INSERT INTO {store.Schema}.pieces SELECT id, 1, 'short' FROM {store.Schema}.objects
            """);
        await using var stream = await sink.OpenReadAsync(ObjectName.Of("o"), ByteRange.All, Token);
        var torn = await Assert.ThrowsAsync<SinkException>(
            () => stream.ReadExactlyAsync(new byte[5_000], Token).AsTask());
        Assert.Contains("piece 1 of object 'o' has 5 bytes, not 1024", torn.Message, StringComparison.Ordinal);
    }, pieceLength: 1024);

    [Fact]
    public Task What_is_retained_cannot_be_deleted_and_nothing_can_be_changed() => WithStoreAsync(async (store, sink) =>
    {
        var until = DateTimeOffset.UtcNow.AddHours(1);
        await sink.PutAsync(ObjectName.Of("free"), ObjectBody.Of(new byte[1]), Token);
        await sink.PutAsync(ObjectName.Of("over"), Body(DateTimeOffset.UtcNow.AddHours(-1)), Token);
        await sink.PutAsync(ObjectName.Of("kept"), Body(until), Token);
        Assert.Equal(default, await sink.GetLockAsync(ObjectName.Of("free"), Token));
        Assert.Equal(default, await sink.GetLockAsync(ObjectName.Of("none"), Token));
        var kept = await sink.GetLockAsync(ObjectName.Of("kept"), Token);
        Assert.True(kept.HoldsAt(until.AddSeconds(-1)) && !kept.HoldsAt(until.AddSeconds(1)));
        await sink.DeleteAsync(ObjectName.Of("free"), Token);
        await sink.DeleteAsync(ObjectName.Of("over"), Token);
        var refused = await Assert.ThrowsAsync<SinkException>(
            () => sink.DeleteAsync(ObjectName.Of("kept"), Token).AsTask());
        Assert.Equal((SinkFailure.AccessDenied, false), (refused.Failure, refused.Transient));
        // Nor by anyone else who comes through the server.
        string[] statements =
        [
            "DELETE FROM {0}.objects", "UPDATE {0}.objects SET name = 'x'", "UPDATE {0}.pieces SET piece = 7",
            "TRUNCATE {0}.objects CASCADE",
        ];
        foreach (string statement in statements)
        {
            await Assert.ThrowsAsync<PostgresException>(() => PostgresServer.RunAsync(
                store, statement.Replace("{0}", store.Schema, StringComparison.Ordinal)));
        }

        Assert.Single(await ListAsync(sink));

        static ObjectBody Body(DateTimeOffset until) => new(new(new byte[1]), SHA256.HashData(new byte[1]), 0)
        {
            RetainUntil = until,
        };
    });

    [Fact]
    public Task A_connection_cut_in_a_put_leaves_nothing_and_it_may_be_tried_again() =>
        WithStoreAsync(async (store, sink) =>
    {
        // The server cuts it itself, after a piece has arrived.
        await PostgresServer.RunAsync(store, $"""
            CREATE FUNCTION {store.Schema}.cut() RETURNS trigger LANGUAGE plpgsql AS $f$
            BEGIN
                PERFORM pg_terminate_backend(pg_backend_pid());
                RETURN NEW;
            END $f$;
            CREATE TRIGGER cut AFTER INSERT ON {store.Schema}.pieces
                FOR EACH ROW WHEN (NEW.piece = 3) EXECUTE FUNCTION {store.Schema}.cut()
            """);
        var body = ObjectBody.Of(new byte[7_000]);
        var cut = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(ObjectName.Of("o"), body, Token).AsTask());
        Assert.Equal((SinkFailure.Other, true), (cut.Failure, cut.Transient));
        Assert.Empty(await ListAsync(sink));
        Assert.Equal(0L, await PostgresServer.RunAsync(store, $"SELECT count(*) FROM {store.Schema}.pieces"));
        await PostgresServer.RunAsync(store, $"DROP TRIGGER cut ON {store.Schema}.pieces");
        await sink.PutAsync(ObjectName.Of("o"), body, Token);
    }, pieceLength: 1024);

    private static async Task WithStoreAsync(
        Func<PostgresSinkOptions, PostgresSink, Task> act, int pieceLength = 1 << 20)
    {
        var store = PostgresServer.NewStore() with { PieceLength = pieceLength };
        try
        {
            await using var sink = PostgresSink.Open(store, create: true);
            await act(store, sink);
        }
        finally
        {
            await PostgresServer.DropAsync(store);
        }
    }

    private static async Task<List<StoredObject>> ListAsync(PostgresSink sink)
    {
        var all = new List<StoredObject>();
        await foreach (var item in sink.ListAsync("", Token))
            all.Add(item);
        return all;
    }
}
