namespace PipelineBackup.Testing;

/// <summary>What holds of the stream of an opened object.</summary>
internal static class StreamLaws
{
    private const int Length = 200_000;
    private static readonly ObjectName s_name = ObjectName.Of("stream/object");

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("stream-ends", "A stream ends after its last byte and stays at its end.", Ends),
        new("stream-pieces", "How many bytes are asked for at a time makes no difference, also one by one.", Pieces),
        new("stream-empty-buffer", "A read into an empty buffer gives 0 and is not the end.", EmptyBuffer),
        new("stream-ended-twice", "A stream may be ended twice, before its end and at it.", EndedTwice),
        new("stream-left", "Streams left half-way, however many, leave the sink usable.", Left),
        new("stream-outlives-open", "The token of the open ends the open; the stream that it gave reads on.", OutlivesOpen),
        new("readers-apart", "Readers of the same object do not disturb one another.", ReadersApart),
        new("readers-many", "Twice as many streams as the sink likes are read at the same time.", ReadersMany),
    ];

    private static async Task Ends(SinkTrial trial)
    {
        var (sink, content) = await PutAsync(trial);
        foreach (var range in new ByteRange[] { ByteRange.All, new(1000, 100_000), new(Length - 5), new(7, 0) })
        {
            await using var stream = await sink.OpenReadAsync(s_name, range, trial.Token);
            byte[] read = await trial.ReadAsync(stream);
            int end = range.Length is { } part ? (int)(range.Offset + part) : Length;
            trial.RequireSame(read, content[(int)range.Offset..end], $"{range}");
            for (int i = 0; i < 3; i++)
                trial.Require(await stream.ReadAsync(new byte[Length], trial.Token) == 0, "a read after the end gave bytes");
        }
    }

    private static async Task Pieces(SinkTrial trial)
    {
        var (sink, content) = await PutAsync(trial);
        foreach (var (size, length) in ((int, int)[])[(1, 3000), (7, 20_000), (4096, Length), (65_537, Length), (Length * 3, Length)])
        {
            await using var stream = await sink.OpenReadAsync(s_name, new(0, length), trial.Token);
            var all = new MemoryStream();
            byte[] buffer = new byte[size];
            for (int read; (read = await stream.ReadAsync(buffer, trial.Token)) > 0;)
            {
                trial.Require(read <= size, $"a read into {size} bytes returned {read}");
                all.Write(buffer, 0, read);
            }

            trial.RequireSame(all.ToArray(), content[..length], $"an object read {size} bytes at a time");
        }
    }

    private static async Task EmptyBuffer(SinkTrial trial)
    {
        var (sink, content) = await PutAsync(trial);
        await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, trial.Token);
        trial.Require(await stream.ReadAsync(Memory<byte>.Empty, trial.Token) == 0, "a read into no buffer gave bytes");
        byte[] first = new byte[1000];
        await stream.ReadExactlyAsync(first, trial.Token);
        trial.Require(await stream.ReadAsync(Memory<byte>.Empty, trial.Token) == 0, "a read into no buffer gave bytes");
        trial.RequireSame([.. first, .. await trial.ReadAsync(stream)], content, "an object read with empty buffers between");
    }

    private static async Task EndedTwice(SinkTrial trial)
    {
        var (sink, content) = await PutAsync(trial);
        foreach (bool whole in (bool[])[false, true])
        {
            var stream = await sink.OpenReadAsync(s_name, ByteRange.All, trial.Token);
            if (whole)
                await trial.ReadAsync(stream);
            else
                await stream.ReadExactlyAsync(new byte[10], trial.Token);
            await stream.DisposeAsync();
            await stream.DisposeAsync();
        }

        await trial.RequireContentAsync(sink, s_name.ToString(), content);
    }

    private static async Task Left(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 3 << 20);
        await trial.PutAsync(sink, s_name.ToString(), content);
        for (int i = 0; i < 60; i++)
        {
            await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, trial.Token);
            if (i % 3 > 0)
                await stream.ReadExactlyAsync(new byte[100 * (i % 3)], trial.Token);
        }

        await trial.RequireContentAsync(sink, s_name.ToString(), content);
        await trial.PutAsync(sink, "stream/another", content);
    }

    private static async Task OutlivesOpen(SinkTrial trial)
    {
        var (sink, content) = await PutAsync(trial);
        using var opening = new CancellationTokenSource();
        await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, opening.Token);
        await opening.CancelAsync();
        trial.RequireSame(await trial.ReadAsync(stream), content, "a stream whose open was cancelled afterwards");
    }

    private static async Task ReadersApart(SinkTrial trial)
    {
        var (sink, content) = await PutAsync(trial);
        await using var one = await sink.OpenReadAsync(s_name, ByteRange.All, trial.Token);
        await using var two = await sink.OpenReadAsync(s_name, new(Length / 2), trial.Token);
        byte[] first = new byte[Length / 2];
        byte[] second = new byte[Length / 2];
        for (int done = 0; done < first.Length; done += 10_000)
        {
            await one.ReadExactlyAsync(first.AsMemory(done, 10_000), trial.Token);
            await two.ReadExactlyAsync(second.AsMemory(done, 10_000), trial.Token);
        }

        trial.RequireSame([.. first, .. second], content, "two readers turn by turn");
    }

    private static async Task ReadersMany(SinkTrial trial)
    {
        var (sink, content) = await PutAsync(trial);
        int readers = Math.Clamp(sink.Traits.ReadConcurrency, 1, 64) * 2;
        var streams = new Stream[readers];
        try
        {
            // All are open before any is read, and all are read at the same time.
            for (int i = 0; i < readers; i++)
                streams[i] = await sink.OpenReadAsync(s_name, new(i * 100, Length / 2), trial.Token);
            await Task.WhenAll(streams.Select((stream, i) => Task.Run(async () => trial.RequireSame(
                await trial.ReadAsync(stream), content[(i * 100)..((i * 100) + (Length / 2))], $"reader {i} of {readers}"))));
        }
        finally
        {
            foreach (var stream in streams.Where(stream => stream is not null))
                await stream.DisposeAsync();
        }
    }

    private static async Task<(IBackupSink Sink, byte[] Content)> PutAsync(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, Length);
        await trial.PutAsync(sink, s_name.ToString(), content);
        return (sink, content);
    }
}
