namespace PipelineBackup.Testing;

/// <summary>What holds of the bytes of an object, whatever their number and however they lie in memory.</summary>
internal static class ContentLaws
{
    private const int Slab = 1 << 20;
    private const int Long = 70_000_000;

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("read-back", "What was put is read back byte for byte: nothing, one byte, around 4096, a megabyte.", Small),
        new("read-back-segments", "How the bytes lie in segments of memory makes no difference, nor do empty segments.", Segments),
        new("read-back-blocks", "What was put is read back around 64 KiB and 1 MiB, where stores change their way.", trial =>
            SizesAsync(trial, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, Slab - 1, Slab + 1)),
        new("read-back-parts", "What was put is read back around 5 MiB and 8 MiB, where stores begin to cut into parts.", trial =>
            SizesAsync(trial, (5 << 20) - 1, 5 << 20, (5 << 20) + 1, (8 << 20) - 1, 8 << 20, (8 << 20) + 1))
        {
            LongestObject = (8 << 20) + 1,
        },
        new("read-back-pack", "A pack of 32 MiB in slabs of 1 MiB is read back byte for byte.", trial =>
            BodyAsync(trial, WatchedBody.Of(32, [.. Enumerable.Repeat(Slab, 32)])))
        {
            LongestObject = 32 << 20,
        },
        new("read-back-long", "An object of 70 MB is read back byte for byte, in one segment or in a thousand odd ones.", async trial =>
        {
            await BodyAsync(trial, WatchedBody.Of(70, Long));
            await BodyAsync(trial, WatchedBody.Of(71, [.. Enumerable.Range(0, 1000).Select(i => 69_500 + i)]));
        })
        {
            LongestObject = Long,
        },
        new("same-content", "Two objects of the same content are two: the one stays when the other is deleted.", SameContent),
        new("classes", "Objects of both classes are read back, listed and deleted alike.", Classes),
        new("wrong-checksums", "A body whose checksums are wrong is stored as it is, or refused with Corrupt and not stored.",
            WrongChecksums),
    ];

    private static Task Small(SinkTrial trial) => SizesAsync(trial, 0, 1, 4095, 4096, 4097, 100_000, Slab);

    private static Task SizesAsync(SinkTrial trial, params int[] sizes) =>
        ShapesAsync(trial, [.. sizes.Select(size => (int[])[size])]);

    private static Task Segments(SinkTrial trial) => ShapesAsync(trial,
        [0, 0, 3, 0], [0, 0], [100, 1, 5000, 77], [Slab, Slab, 12_345], [4096, 10, Slab, 1], [Slab, 0, Slab / 2, 4096 * 3 + 9],
        [.. Enumerable.Repeat(1, 3000)], [4096, 4096, 4096, 4095, 4096]);

    private static async Task ShapesAsync(SinkTrial trial, params int[][] shapes)
    {
        var sink = await trial.OpenAsync();
        foreach (var (i, lengths) in shapes.Index())
        {
            var body = WatchedBody.Of(i + 1, lengths);
            string name = $"read-back/{i}";
            await sink.PutAsync(ObjectName.Of(name), body.Body, trial.Token);
            await trial.RequireContentAsync(sink, name, body.Expected);
        }
    }

    private static async Task BodyAsync(SinkTrial trial, WatchedBody body)
    {
        var sink = await trial.OpenAsync();
        string name = $"long/{body.Body.Content.IsSingleSegment}";
        await sink.PutAsync(ObjectName.Of(name), body.Body, trial.Token);
        await trial.RequireContentAsync(sink, name, body.Expected);
    }

    private static async Task SameContent(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 5000);
        foreach (string name in (string[])["same/a", "same/b", "same/c"])
            await trial.PutAsync(sink, name, content);
        await sink.DeleteAsync(ObjectName.Of("same/b"), trial.Token);
        await trial.RequireContentAsync(sink, "same/a", content);
        await trial.RequireContentAsync(sink, "same/c", content);
    }

    private static async Task Classes(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 5000);
        foreach (var kind in Enum.GetValues<ObjectClass>())
        {
            var plain = ObjectBody.Of(content);
            var body = new ObjectBody(plain.Content, plain.Sha256, plain.Crc32C) { Class = kind };
            var name = ObjectName.Of($"class/{kind}");
            await sink.PutAsync(name, body, trial.Token);
            await trial.RequireListAsync(sink, "class/", name.ToString());
            await trial.RequireContentAsync(sink, name.ToString(), content);
            await sink.DeleteAsync(name, trial.Token);
            await trial.RequireListAsync(sink, "class/");
        }
    }

    private static async Task WrongChecksums(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 5000);
        var right = ObjectBody.Of(content);
        byte[] sha256 = right.Sha256.ToArray();
        sha256[0] ^= 1;
        ObjectBody[] bodies =
        [
            new(right.Content, sha256, right.Crc32C), new(right.Content, right.Sha256, right.Crc32C ^ 1),
            new(right.Content, sha256, right.Crc32C ^ 1),
        ];
        foreach (var (i, body) in bodies.Index())
        {
            string name = $"wrong/{i}";
            try
            {
                await sink.PutAsync(ObjectName.Of(name), body, trial.Token);
            }
            catch (SinkException refusal)
            {
                trial.Require(refusal.Failure == SinkFailure.Corrupt,
                    $"content that its checksums do not fit was refused with {refusal.Failure} instead of Corrupt: {refusal.Message}");
                await trial.RequireListAsync(sink, name);
                continue;
            }

            await trial.RequireListAsync(sink, name, name);
            await trial.RequireContentAsync(sink, name, content);
        }
    }
}
