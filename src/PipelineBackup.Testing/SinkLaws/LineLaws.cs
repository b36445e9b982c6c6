namespace PipelineBackup.Testing;

/// <summary>What holds where the line to the server, or the server, fails. They need <see cref="IServerUnderTest"/>.</summary>
internal static class LineLaws
{
    private const int Length = 6 << 20;

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("unreachable", "Where no server answers, every call fails as transient, or the opening does.", Unreachable)
        {
            Needs = LawNeed.Server,
        },
        new("silent-server", "A call to a server that says nothing ends when it is cancelled.", Silent)
        {
            Needs = LawNeed.Server,
        },
        new("cut-put", "A put whose line is cut half-way fails as transient and leaves nothing; repeated it succeeds.", CutPut)
        {
            Needs = LawNeed.Server,
            LongestObject = Length,
        },
        new("lost-answer", "A put whose answer is lost fails as transient; repeated it succeeds or finds the whole object.", LostAnswer)
        {
            Needs = LawNeed.Server,
        },
        new("cut-read", "A stream whose line is cut fails as transient and never ends early.", CutRead)
        {
            Needs = LawNeed.Server,
            LongestObject = Length,
        },
        new("cut-list", "A listing whose line is cut fails as transient and never ends early.", CutList)
        {
            Needs = LawNeed.Server,
        },
        new("cut-delete", "A delete whose answer is lost fails as transient; repeated it succeeds.", CutDelete)
        {
            Needs = LawNeed.Server,
        },
        new("works-again", "A sink whose line was cut works again when the server is back.", WorksAgain)
        {
            Needs = LawNeed.Server,
        },
    ];

    private static async Task Unreachable(SinkTrial trial)
    {
        var there = await trial.OpenAsync();
        await trial.PutAsync(there, "line/there", SinkTrial.Bytes(1, 1000));
        using var nowhere = new DeadEnd(trial.Server.Server);
        IBackupSink sink;
        try
        {
            sink = await trial.OpenAsync(trial.Server.OpenAtAsync(nowhere.Address, trial.Token));
        }
        catch (SinkException failure)
        {
            await trial.ExpectTransientAsync(
                "opening where no server answers", () => Task.FromException(failure));
            return;
        }

        await trial.ExpectTransientAsync("a put to no server", () => trial.PutAsync(sink, "line/new", [1]));
        await trial.ExpectTransientAsync("a read from no server", () => trial.ReadAsync(sink, "line/there"));
        await trial.ExpectTransientAsync("a listing of no server", () => trial.ListAsync(sink));
        await trial.ExpectTransientAsync(
            "a delete on no server", () => sink.DeleteAsync(ObjectName.Of("line/there"), trial.Token).AsTask());
    }

    private static async Task Silent(SinkTrial trial)
    {
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        await trial.PutAsync(sink, "line/there", SinkTrial.Bytes(1, Length / 2));
        line.FallSilentAfter(down: 200_000);
        await using var stream = await sink.OpenReadAsync(ObjectName.Of("line/there"), ByteRange.All, trial.Token);
        // Some of it comes; then there is silence, for all who call.
        await Ends("a read", token => stream.ReadExactlyAsync(new byte[Length / 2], token).AsTask());
        await Ends("a put", token => sink.PutAsync(ObjectName.Of("line/new"), ObjectBody.Of(SinkTrial.Bytes(2, 1000)), token).AsTask());
        await Ends("an open", async token =>
        {
            await using var none = await sink.OpenReadAsync(ObjectName.Of("line/there"), ByteRange.All, token);
        });
        await Ends("a listing", async token =>
        {
            await foreach (var item in sink.ListAsync("", token))
            {
            }
        });
        await Ends("a delete", token => sink.DeleteAsync(ObjectName.Of("line/there"), token).AsTask());

        async Task Ends(string call, Func<CancellationToken, Task> act)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(trial.Token);
            cancel.CancelAfter(TimeSpan.FromMilliseconds(200));
            await trial.ExpectCancelledAsync($"{call} that gets no answer", async () =>
            {
                try
                {
                    await act(cancel.Token).WaitAsync(TimeSpan.FromSeconds(20), trial.Token);
                }
                catch (TimeoutException)
                {
                    throw trial.Broken($"{call} that gets no answer goes on for 20 seconds after it was cancelled");
                }
            });
        }
    }

    private static async Task CutPut(SinkTrial trial)
    {
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        var watcher = await trial.OpenAsync();
        foreach (int at in (int[])[100, Length / 2, Length - 1000])
        {
            string name = $"cut/{at}";
            var body = WatchedBody.Of(at, 1 << 20, Length - (1 << 20));
            line.CutAfter(up: at);
            await trial.ExpectTransientAsync(
                $"a put whose line was cut after {at} bytes", () => sink.PutAsync(ObjectName.Of(name), body.Body, trial.Token).AsTask());
            trial.Require(line.IsCut, "a put failed before its line was cut");
            body.Close();
            await trial.QuietAsync();
            trial.Require(body.LateTouches == 0, "the memory of a failed put was looked at after it had ended");
            await trial.RequireListAsync(watcher, name);
            line.Mend();
            await RepeatAsync(trial, () => trial.PutAsync(sink, name, body.Expected));
            await trial.RequireContentAsync(watcher, name, body.Expected);
        }
    }

    private static async Task LostAnswer(SinkTrial trial)
    {
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        var watcher = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 1 << 20);
        line.CutAfter(down: 0);
        await trial.ExpectTransientAsync("a put whose answer was lost", () => trial.PutAsync(sink, "lost/object", content));
        line.Mend();
        try
        {
            await RepeatAsync(trial, () => trial.PutAsync(sink, "lost/object", content));
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
        {
            // That was the first attempt.
        }

        await trial.RequireContentAsync(watcher, "lost/object", content);
        await trial.RequireListAsync(watcher, "", "lost/object");
    }

    private static async Task CutRead(SinkTrial trial)
    {
        byte[] content = SinkTrial.Bytes(1, Length);
        await trial.PutAsync(await trial.OpenAsync(), "cut/object", content);
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        foreach (int at in (int[])[0, 100_000, Length / 2])
        {
            line.CutAfter(down: at);
            var all = new MemoryStream();
            await trial.ExpectTransientAsync($"a read whose line was cut after {at} bytes", async () =>
            {
                await using var stream = await sink.OpenReadAsync(ObjectName.Of("cut/object"), ByteRange.All, trial.Token);
                byte[] buffer = new byte[64 << 10];
                for (int read; (read = await stream.ReadAsync(buffer, trial.Token)) > 0;)
                    all.Write(buffer, 0, read);
                trial.Require(all.Length == Length, $"a stream whose line was cut ended after {all.Length} of {Length} bytes, as if that were all");
            });
            trial.RequireSame(all.ToArray(), content[..(int)all.Length], "what a stream gave before its line was cut");
            line.Mend();
        }
    }

    private static async Task CutList(SinkTrial trial)
    {
        var writer = await trial.OpenAsync();
        string[] names = [.. Enumerable.Range(10, 80).Select(i => $"cut/{i}/{new string('x', 80)}")];
        foreach (string name in names)
            await trial.PutAsync(writer, name, [1]);
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        foreach (int at in (int[])[0, 500, 5000])
        {
            line.CutAfter(down: at);
            var seen = new List<string>();
            await trial.ExpectTransientAsync($"a listing whose line was cut after {at} bytes", async () =>
            {
                await foreach (var item in sink.ListAsync("cut/", trial.Token))
                    seen.Add(item.Name.ToString());
                trial.Require(seen.Count == names.Length, $"a listing whose line was cut ended after {seen.Count} of {names.Length} names, as if that were all");
            });
            trial.Require(seen.SequenceEqual(names.Take(seen.Count)), "a listing gave wrong names before its line was cut");
            line.Mend();
        }

        await RepeatAsync(trial, () => trial.RequireListAsync(sink, "", names));
    }

    private static async Task CutDelete(SinkTrial trial)
    {
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        var name = ObjectName.Of("cut/object");
        await trial.PutAsync(sink, name.ToString(), [1]);
        line.CutAfter(down: 0);
        await trial.ExpectTransientAsync("a delete whose answer was lost", () => sink.DeleteAsync(name, trial.Token).AsTask());
        line.Mend();
        await RepeatAsync(trial, () => sink.DeleteAsync(name, trial.Token).AsTask());
        await trial.RequireListAsync(await trial.OpenAsync(), "");
    }

    private static async Task WorksAgain(SinkTrial trial)
    {
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        for (int i = 0; i < 5; i++)
        {
            string name = $"again/{i}";
            line.CutAfter(up: 0);
            await trial.ExpectTransientAsync("a put over a line that is cut", () => trial.PutAsync(sink, name, [1]));
            line.Mend();
            await RepeatAsync(trial, () => trial.PutAsync(sink, name, [1]));
            await trial.RequireContentAsync(sink, name, [1]);
        }
    }

    // The first call after the line is back may meet a connection of before: that is transient, and soon over.
    private static async Task RepeatAsync(SinkTrial trial, Func<Task> act)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await act();
                return;
            }
            catch (SinkException failure) when (failure.Transient && attempt < 20)
            {
                await Task.Delay(50, trial.Token);
            }
        }
    }
}
