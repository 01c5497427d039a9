# The command in a container: docker build -t planaria . && docker run --rm -v "$PWD:/work" planaria presets
FROM debian:12-slim AS build
RUN apt-get update -q && apt-get install -q -y --no-install-recommends make
COPY . /planaria
RUN make -C /planaria deb
FROM debian:12-slim
COPY --from=build /planaria/build/deb/*.deb /tmp/
RUN apt-get update -q && apt-get install -q -y --no-install-recommends /tmp/planaria_*.deb /tmp/libplanaria0*.deb dataset-fashion-mnist && rm -rf /tmp/*.deb /var/lib/apt/lists/*
WORKDIR /work
ENTRYPOINT ["planaria"]
